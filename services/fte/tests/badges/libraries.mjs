// The libraries that judge, each behind one function: what it says of a credential at a time, or an error that says why not. In: credentials
// as a verifier gets them, and the documents it would fetch. Must not judge anything itself.
import * as bazaar from '@digitalbazaar/vc';
import * as bazaarIntegrity from '@digitalbazaar/data-integrity';
import * as bazaarSuite from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as bazaarStatus from '@digitalbazaar/vc-bitstring-status-list';
import * as dcc from '@digitalcredentials/vc';
import * as dccIntegrity from '@digitalcredentials/data-integrity';
import * as dccSuite from '@digitalcredentials/eddsa-rdfc-2022-cryptosuite';
import * as dccStatus from '@digitalcredentials/vc-bitstring-status-list';
import { verifyJWT } from 'did-jwt';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { loader } from './documents.mjs';

/** What verifiers of embedded proofs make of a credential; `status` is the status list that its address gives. */
export const ofProofs = {
  '@digitalbazaar/vc': (credential, world) => proof(bazaar, bazaarIntegrity, bazaarSuite, bazaarStatus, credential, world),
  '@digitalcredentials/vc': (credential, world) => proof(dcc, dccIntegrity, dccSuite, dccStatus, credential, world),
};

async function proof(vc, integrity, suites, statuses, credential, { did, status, now }) {
  const documentLoader = loader(did, { [status.id]: status });
  const suite = new integrity.DataIntegrityProof({ cryptosuite: suites.cryptosuite });
  const checkStatus = (options) => statuses.checkStatus({ ...options, verifyBitstringStatusListCredential: false });
  // The list is a credential too. The libraries would judge it by the clock of this machine, so it is judged here, at the same time.
  for (const one of [status, credential]) {
    const options = { credential: structuredClone(one), suite, documentLoader, now: new Date(now) };
    if (one.credentialStatus) options.checkStatus = checkStatus;
    const said = await vc.verifyCredential(options);
    // Of the bit in the list one library says `verified: false`, the other leaves its meaning to whoever asks.
    const { verified, results } = said.statusResult ?? { verified: true, results: [] };
    if (!verified || results.some((result) => result.status)) throw new Error(['revoked', ...errors(said)].join('; '));
    if (!said.verified) throw new Error(errors(said).join('; '));
  }
}

/** The words of all errors in a verdict. */
function errors(value) {
  if (value instanceof Error) return [value.message, ...errors(value.errors), ...errors(value.cause), ...errors(value.details)];
  return typeof value === 'object' ? Object.values(value ?? {}).flatMap(errors) : [];
}

/** What verifiers of VC-JWTs make of one. */
export const ofJwts = {
  jose: async (jwt, { did, jwks, now }) => {
    const options = { algorithms: ['EdDSA'], currentDate: new Date(now), issuer: did.id, requiredClaims: ['jti', 'nbf', 'sub'], typ: 'JWT' };
    return (await jwtVerify(jwt, createLocalJWKSet(jwks), options)).payload;
  },
  'did-jwt': async (jwt, { did, now }) => {
    const resolver = { resolve: async () => ({ didDocument: did, didResolutionMetadata: {}, didDocumentMetadata: {} }) };
    const policies = { now: Math.floor(new Date(now).getTime() / 1000) };
    return (await verifyJWT(jwt, { resolver, policies, proofPurpose: 'assertionMethod', skewTime: 0 })).payload;
  },
};

/** Whether a list says that the credential with this entry is revoked: whoever verifies a VC-JWT asks for it by themselves. */
export const ofLists = { '@digitalbazaar/vc-bitstring-status-list': bazaarStatus, '@digitalcredentials/vc-bitstring-status-list': dccStatus };
