// A second implementation of what the service issues, on Node's crypto and on jsonld.js, so that the service's bytes can be compared with
// somebody else's. In: a certificate, a key, an issuer. Out: credentials. Must not reach the network.
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { encode as base58 } from 'base58-universal';
import jsonld from 'jsonld';
import { contexts, loader } from './documents.mjs';

const [V2, OPEN_BADGES] = [...contexts.keys()];
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const seconds = (time) => `${new Date(time).toISOString().slice(0, 19)}Z`;
const unix = (time) => Math.floor(new Date(time).getTime() / 1000);

/** The issuer of a public address: `https://…`, without a path. */
export function issuer(address, name) {
  const host = address.replace(/^https:\/\//, '').replace(':', '%3A');
  return { address, name, did: `did:web:${host}:api:fte:issuer`, at: `${address}/api/fte/issuer` };
}

/** A key from PEM, and the names it goes by. */
export function key(pem) {
  const secret = pem.includes('PRIVATE') ? createPrivateKey(pem) : undefined;
  const { x } = createPublicKey(pem).export({ format: 'jwk' });
  const jwk = { crv: 'Ed25519', kty: 'OKP', x };
  const multikey = `z${base58(Buffer.concat([Buffer.from([0xed, 0x01]), Buffer.from(x, 'base64url')]))}`;
  return { secret, jwk, multikey, thumbprint: sha256(JSON.stringify(jwk)).toString('base64url') };
}

/** RFC 8785 for objects, lists, texts, integers and truths. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

/** A UUID of version 8 that follows from a digest. */
function named(digest) {
  const bytes = Buffer.from(digest.subarray(0, 16));
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return `urn:uuid:${bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`;
}

function profile(by) {
  return { id: by.did, type: ['Profile'], name: by.name, url: by.address };
}

/** The credential of a certificate, not yet signed. */
export function credential(by, certificate) {
  const { course, earned, total, pass_bp } = certificate;
  const required = Math.ceil((total * pass_bp) / 10_000);
  const salt = sha256('salt of ', certificate.token).subarray(0, 16).toString('hex');
  const identity = sha256(certificate.human_name_id, salt);
  const achievement = sha256(`${by.did} ${course} ${required} of ${total}`);
  const score = named(sha256('score of ', achievement));
  return {
    '@context': [V2, OPEN_BADGES],
    id: `urn:uuid:${certificate.certificate_id}`,
    type: ['VerifiableCredential', 'OpenBadgeCredential'],
    name: `Course ${course}`,
    issuer: profile(by),
    validFrom: seconds(certificate.issued_at),
    ...(certificate.expires_at && { validUntil: seconds(certificate.expires_at) }),
    credentialSubject: {
      id: named(identity),
      type: ['AchievementSubject'],
      identifier: [{
        type: 'IdentityObject', hashed: true, identityHash: `sha256$${identity.toString('hex')}`, identityType: 'systemId', salt,
      }],
      licenseNumber: certificate.number,
      achievement: {
        id: named(achievement),
        type: ['Achievement'],
        achievementType: 'CertificateOfCompletion',
        name: `Course ${course}`,
        description: `All modules of the course ${course}, and its final assessment.`,
        criteria: {
          narrative: `Every module of the course is completed, and its final assessment was passed, within its time, with at least ${required} of ${total} points.`,
        },
        resultDescription: [{
          id: score, type: ['ResultDescription'], name: 'Points of the final assessment', resultType: 'RawScore', valueMin: '0',
          valueMax: `${total}`, requiredValue: `${required}`,
        }],
      },
      result: [{ type: ['Result'], resultDescription: score, value: `${earned}` }],
    },
    credentialStatus: {
      id: `${by.at}/status/${certificate.status_list}#${certificate.status_index}`,
      type: 'BitstringStatusListEntry',
      statusPurpose: 'revocation',
      statusListIndex: `${certificate.status_index}`,
      statusListCredential: `${by.at}/status/${certificate.status_list}`,
    },
  };
}

/** The credential of a status list, not yet signed. */
export function statusList(by, list, indexes, now) {
  const bits = Buffer.alloc(131_072 / 8);
  for (const index of indexes) bits[index >> 3] |= 0x80 >> (index & 7);
  const from = new Date(now).setUTCMinutes(0, 0, 0);
  return {
    '@context': [V2],
    id: `${by.at}/status/${list}`,
    type: ['VerifiableCredential', 'BitstringStatusListCredential'],
    issuer: by.did,
    validFrom: seconds(from),
    validUntil: seconds(from + 24 * 3600 * 1000),
    credentialSubject: {
      id: `${by.at}/status/${list}#list`, type: 'BitstringStatusList', statusPurpose: 'revocation',
      encodedList: `u${gzipSync(bits).toString('base64url')}`,
    },
  };
}

const canonize = (document) =>
  jsonld.canonize(document, { algorithm: 'RDFC-1.0', format: 'application/n-quads', documentLoader: loader(), safe: true });

/** The credential with a Data Integrity proof of the suite eddsa-rdfc-2022. */
export async function proven(by, signer, document) {
  const proof = {
    type: 'DataIntegrityProof', cryptosuite: 'eddsa-rdfc-2022', created: document.validFrom,
    verificationMethod: `${by.did}#${signer.multikey}`, proofPurpose: 'assertionMethod',
  };
  const hashes = [{ '@context': document['@context'], ...proof }, document].map(async (part) => sha256(await canonize(part)));
  proof.proofValue = `z${base58(sign(null, Buffer.concat(await Promise.all(hashes)), signer.secret))}`;
  return { ...document, proof };
}

/** The credential as a VC-JWT. */
export function jwt(by, signer, document) {
  const header = { alg: 'EdDSA', kid: `${by.did}#${signer.thumbprint}`, typ: 'JWT' };
  const payload = { ...document, iss: by.did, jti: document.id, nbf: unix(document.validFrom), sub: document.credentialSubject.id };
  if (document.validUntil) payload.exp = unix(document.validUntil);
  const parts = [header, payload].map((part) => Buffer.from(canonical(part)).toString('base64url')).join('.');
  return `${parts}.${sign(null, Buffer.from(parts), signer.secret).toString('base64url')}`;
}

/** The issuer's documents: who it is, and its keys, the one that signs first. */
export function documents(by, keys) {
  const methods = keys.flatMap((one) => [
    { id: `${by.did}#${one.multikey}`, type: 'Multikey', controller: by.did, publicKeyMultibase: one.multikey },
    { id: `${by.did}#${one.thumbprint}`, type: 'JsonWebKey', controller: by.did, publicKeyJwk: one.jwk },
  ]);
  return {
    profile: { '@context': [V2, OPEN_BADGES], ...profile(by) },
    did: {
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1', 'https://w3id.org/security/jwk/v1'],
      id: by.did,
      verificationMethod: methods,
      assertionMethod: methods.map((method) => method.id),
    },
    jwks: { keys: keys.map((one) => ({ ...one.jwk, alg: 'EdDSA', kid: `${by.did}#${one.thumbprint}`, use: 'sig' })) },
  };
}
