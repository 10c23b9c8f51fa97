/** The words of the agents' desk: the same keys in each language. */

import { en } from "./texts.en.js";
import { ms } from "./texts.ms.js";
import { vi } from "./texts.vi.js";

export const TEXTS = { vi, ms, en };
