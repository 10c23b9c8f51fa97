/** Days and times of day in the words of each language, in the reader's own time zone. */

/** @typedef {import("./words.js").Language} Language */

const LOCALE = { vi: "vi-VN", ms: "ms-MY", en: "en-GB" };
const TODAY = { vi: "Hôm nay", ms: "Hari ini", en: "Today" };
const YESTERDAY = { vi: "Hôm qua", ms: "Semalam", en: "Yesterday" };

/**
 * "14:30" · "2.30 petang" · "2:30 pm"
 *
 * @param {string} at ISO 8601
 * @param {Language} language
 */
export function clock(at, language) {
  const date = new Date(at);
  const [hours, minutes] = [date.getHours(), String(date.getMinutes()).padStart(2, "0")];
  if (language === "vi") return `${String(hours).padStart(2, "0")}:${minutes}`;
  const hour = hours % 12 === 0 ? 12 : hours % 12;
  if (language === "ms") return `${hour}.${minutes} ${malayPart(hours)}`;
  return `${hour}:${minutes} ${hours < 12 ? "am" : "pm"}`;
}

/** @param {number} hours */
function malayPart(hours) {
  if (hours < 12) return "pagi";
  if (hours < 14) return "tengah hari";
  return hours < 19 ? "petang" : "malam";
}

/**
 * "Today", "Yesterday" or the date.
 *
 * @param {string} at ISO 8601
 * @param {Language} language
 * @param {Date} [now]
 */
export function day(at, language, now = new Date()) {
  const date = new Date(at);
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (dayKey(date) === dayKey(now)) return TODAY[language];
  if (dayKey(date) === dayKey(yesterday)) return YESTERDAY[language];
  /** @type {Intl.DateTimeFormatOptions} */
  const numbers = { day: "2-digit", month: "2-digit", year: "numeric" };
  /** @type {Intl.DateTimeFormatOptions} */
  const words = { day: "numeric", month: "short", year: "numeric" };
  return date.toLocaleDateString(LOCALE[language], language === "vi" ? numbers : words);
}

/**
 * The time if it was today, else the day: for the narrow column of a list.
 *
 * @param {string} at ISO 8601
 * @param {Language} language
 */
export function clockOrDay(at, language) {
  return dayKey(new Date(at)) === dayKey(new Date()) ? clock(at, language) : day(at, language);
}

/**
 * A waiting time: "04:12", "1:04:12".
 *
 * @param {number} milliseconds
 */
export function elapsed(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = `${String(m).padStart(2, "0")}:${String(s).padStart(2, "0")}`;
  return h > 0 ? `${h}:${tail}` : tail;
}

/** @param {Date} date */
export function dayKey(date) {
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

/**
 * Messages of one sender in one minute stand together.
 *
 * @param {string} at ISO 8601
 */
export function minuteKey(at) {
  return String(Math.floor(new Date(at).getTime() / 60000));
}
