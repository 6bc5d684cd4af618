//! A file that a page makes.

/** How long a browser may take until it has begun to read it, in milliseconds. */
const READING = 60_000;

/** Gives what a page has made to the browser to keep, under a name. */
export function keep(name: string, contents: Blob): void {
  const url = URL.createObjectURL(contents);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), READING);
}
