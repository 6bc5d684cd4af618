//! What the head of every page of every portal says. Colours are those of the tokens (`styles/tokens.css`): what is around the page looks like it.

export const HEAD: readonly string[] = [
  `<meta charset="utf-8">`,
  `<meta name="viewport" content="width=device-width, initial-scale=1">`,
  `<meta name="color-scheme" content="light dark">`,
  `<meta name="theme-color" media="(prefers-color-scheme: light)" content="#faf9f7">`,
  `<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#151514">`,
  `<link rel="icon" href="/favicon.svg" type="image/svg+xml">`,
];
