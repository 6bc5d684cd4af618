import { answers } from "./answers";
import { contact } from "./contact";
import { home } from "./home";
import { legal } from "./legal";
import type { Page } from "./page";

/** All pages of the website. */
export const PAGES: readonly Page[] = [home, contact, ...legal, ...answers];
