//! Names for what is sent, so that sending it twice has its effect once. In: what is sent. Out: a UUID, the same for as long as that stays the same.

/** A random UUID (version 4). `crypto.randomUUID` is for pages with TLS only; this is for all. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  // Version and variant (RFC 9562, 5.4).
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Gives keys: one and the same while what is sent is the same, for its first sending may have had its effect without an answer; a new one after a change. */
export function createKeys(): (values: Readonly<Record<string, string>>) => string {
  let last: { text: string; key: string } | undefined;
  return (values) => {
    const text = JSON.stringify(values);
    if (last?.text !== text) {
      last = { text, key: uuid() };
    }
    return last.key;
  };
}
