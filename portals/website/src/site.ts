//! Who runs this website. In: nothing. Out: names and addresses, all in one place. Whoever runs it for real people replaces them with their own.

export const SITE = {
  name: "RERP",
  /** After each page's own title. */
  claim: "Practise trading, prove what you know",
  description:
    "Learn how markets move, trade them bar by bar without knowing what comes next, and earn certificates that anybody can verify.",
  company: {
    name: "Example Trading Education GmbH",
    address: ["Example Street 1", "12345 Example City"],
    represented: "Ann Example",
    register: "Example City district court, HRB 00000",
    mail: "hello@example.com",
  },
  /**
   * The text that visitors may agree to, to get news by mail: its version, as staff have declared it to marketing (`PUT /api/marketing/consent-texts/{version}`),
   * and its words. Without one nobody is asked, and nobody gets news.
   */
  consent: undefined as { version: string; text: string } | undefined,
} as const;
