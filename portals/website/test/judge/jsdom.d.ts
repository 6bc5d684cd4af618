// As much of jsdom's types as these tests use; it has none of its own.
declare module "jsdom" {
  export class JSDOM {
    constructor(html: string, options?: { runScripts?: "outside-only"; url?: string });
    readonly window: Window & typeof globalThis;
  }
}
