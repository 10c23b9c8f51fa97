/** The thread as a customer sees it, and a little of what stands behind it. */

const byId = (id) => document.getElementById(id);
const state = { page: "", user: "", shown: "", items: [], profile: {} };

function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function newUser() {
  return String(24_000_000_000_000_000n + BigInt(Date.now()));
}

async function act(does, more = {}) {
  const body = JSON.stringify({ page: state.page, user: state.user, does, ...more });
  await fetch("/sandbox/act", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  await look();
}

function locale(list) {
  const own = { vi: "vi_VN", ms: "ms_MY", en: "en_US" }[navigator.language.slice(0, 2)];
  return (list ?? []).find((one) => one.locale === own) ?? (list ?? []).find((one) => one.locale === "default");
}

async function look() {
  const { page, user } = state;
  const query = new URLSearchParams({ page, user });
  let told;
  try {
    told = await (await fetch(`/sandbox/thread?${query}`)).json();
  } catch {
    return;
  }
  const sign = JSON.stringify([page, user, told]);
  if (sign === state.shown) return;
  const answered = told.items.at(-1)?.from;
  const grew = told.items.length > state.items.length;
  Object.assign(state, { shown: sign, items: told.items, profile: told.profile });
  drawHead(told);
  drawThread(told);
  drawReplies(told);
  drawMenu(told);
  toEnd();
  for (const box of byId("troubles").querySelectorAll("input")) box.checked = told.troubles.includes(box.value);
  if (grew && answered !== "user" && document.visibilityState === "visible") void act("reads");
}

function drawHead(told) {
  const select = byId("page");
  if (select.options.length === 0) {
    select.append(...told.pages.map(({ id, name, language }) => h("option", { value: id }, `${name} (${language})`)));
  }
  select.value = state.page;
  const name = told.pages.find(({ id }) => id === state.page)?.name ?? "";
  byId("name").textContent = name;
  byId("avatar").textContent = name.slice(0, 1);
  byId("desk").href = told.desk;
  byId("login").textContent = `Log-in / password: ${told.login}`;
}

function drawThread(told) {
  const thread = byId("thread");
  const nodes = told.items.map((item, index) => bubble(item, told.items[index + 1]?.from !== item.from));
  if (told.items.length === 0) nodes.push(welcome(told));
  if (told.seen) nodes.push(h("p", { class: "seen" }, "Seen"));
  if (told.typing) nodes.push(h("div", { class: "line bot last" }, h("p", { class: "dots", "aria-label": "writes" }, h("i"), h("i"), h("i"))));
  thread.replaceChildren(...nodes);
}

function toEnd() {
  byId("thread").scrollTop = byId("thread").scrollHeight;
}

function welcome({ profile }) {
  const greeting = locale(profile.greeting)?.text ?? "";
  const questions = locale(profile.ice_breakers)?.call_to_actions ?? [];
  const start = profile.get_started;
  return h(
    "div",
    { class: "welcome" },
    h("p", {}, greeting.replaceAll("{{user_first_name}}", "An")),
    ...questions.map(({ question, payload }) =>
      h("button", { type: "button", click: () => act("posts_back", { text: question, payload }) }, question),
    ),
    start &&
      questions.length === 0 &&
      h("button", { type: "button", click: () => act("posts_back", { text: "Get Started", payload: start.payload }) }, "Get Started"),
  );
}

function bubble(item, last) {
  const parts = [];
  if (item.image) parts.push(h("img", { class: "picture", src: item.image, alt: "Picture", load: toEnd }));
  if (item.buttons?.length > 0) parts.push(template(item));
  else if (item.text) parts.push(h("p", { class: item.text === "👍" ? "like" : "bubble" }, item.text));
  if (item.elements?.length > 0) parts.push(h("div", { class: "cards" }, ...item.elements.map(card)));
  const who = item.from === "inbox" ? h("span", { class: "who" }, "Page inbox") : null;
  return h("div", { class: `line ${item.from}${last ? " last" : ""}` }, who, ...parts);
}

function template({ text, buttons }) {
  return h("div", { class: "template" }, h("p", {}, text), ...buttons.map(button));
}

function card({ title, subtitle, image_url: image, buttons = [] }) {
  return h(
    "div",
    { class: "template card" },
    image && h("img", { src: image, alt: "" }),
    h("p", {}, h("b", {}, title), subtitle ? h("br") : null, subtitle ?? null),
    ...buttons.map(button),
  );
}

function button({ title, payload, url }) {
  if (url) return h("a", { href: url, target: "_blank", rel: "noopener" }, title);
  return h("button", { type: "button", click: () => act("posts_back", { text: title, payload }) }, title);
}

function drawReplies({ items }) {
  const offered = items.at(-1)?.quick_replies ?? [];
  byId("replies").replaceChildren(
    ...offered.map(({ title, payload }) =>
      h("button", { type: "button", click: () => act("presses", { text: title, payload }) }, title),
    ),
  );
}

function drawMenu({ profile }) {
  const entries = locale(profile.persistent_menu)?.call_to_actions ?? [];
  byId("open-menu").hidden = entries.length === 0;
  byId("menu").replaceChildren(
    ...entries.map(({ title, payload }) =>
      h(
        "button",
        {
          type: "button",
          click: () => {
            toggleMenu(false);
            void act("posts_back", { text: title, payload });
          },
        },
        title,
      ),
    ),
  );
}

function toggleMenu(open = byId("menu").hidden) {
  byId("menu").hidden = !open;
  byId("open-menu").setAttribute("aria-expanded", String(open));
}

function become(user, page) {
  Object.assign(state, { user, page, shown: "", items: [] });
  localStorage.setItem("sandbox", JSON.stringify({ user, page }));
  void look();
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("text").value.trim();
  if (text === "") return;
  byId("text").value = "";
  byId("composer").classList.remove("writing");
  void act("says", { text });
});
byId("text").addEventListener("input", () => byId("composer").classList.toggle("writing", byId("text").value !== ""));
byId("like").addEventListener("click", () => act("sends", { url: "/page/like.png", kind: "sticker" }));
byId("photo").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  const answer = await fetch("/sandbox/photos", { method: "POST", headers: { "Content-Type": file.type }, body: file });
  event.target.value = "";
  if (answer.ok) void act("sends", { url: (await answer.json()).url });
});
byId("open-menu").addEventListener("click", () => toggleMenu());
byId("page").addEventListener("change", () => become(state.user, byId("page").value));
byId("fresh").addEventListener("click", () => become(newUser(), state.page));
byId("inbox").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("inbox-text").value.trim();
  byId("inbox-text").value = "";
  if (text !== "") void act("inbox", { text });
});
byId("troubles").addEventListener("change", () => {
  const names = [...byId("troubles").querySelectorAll("input:checked")].map(({ value }) => value);
  void act("trouble", { names });
});
byId("behind").addEventListener("click", () => {
  const open = document.body.classList.toggle("behind");
  byId("behind").setAttribute("aria-expanded", String(open));
});

const kept = JSON.parse(localStorage.getItem("sandbox") ?? "null");
const asked = new URLSearchParams(location.search).get("page");
become(kept?.user ?? newUser(), asked ?? kept?.page ?? "100200300400500");
new ResizeObserver(toEnd).observe(byId("thread"));
setInterval(look, 700);
