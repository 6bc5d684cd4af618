// Writes `vectors/`, which the service's own tests compare with what it issues. Run it when the format changes, and never otherwise.
import { readFileSync, writeFileSync } from 'node:fs';
import { canonical, credential, documents, issuer, jwt, key, proven, statusList } from './issue.mjs';

const at = (name) => new URL(`vectors/${name}`, import.meta.url);
const read = (name) => readFileSync(at(name), 'utf8');
const write = (name, value) => writeFileSync(at(name), typeof value === 'string' ? value : `${canonical(value)}\n`);

const by = issuer('https://badges.example.com', 'Example Academy');
const [signer, next] = ['key.pem', 'next.pem'].map((name) => key(read(name)));
const certificate = JSON.parse(read('certificate.json'));
const document = credential(by, certificate);
write('credential.json', await proven(by, signer, document));
write('credential.jwt', `${jwt(by, signer, document)}\n`);
for (const [name, revoked] of [['status.json', []], ['status-revoked.json', [certificate.status_index]]]) {
  write(name, await proven(by, signer, statusList(by, certificate.status_list, revoked, '2026-06-01T10:20:30Z')));
}
for (const [name, keys] of [['', [signer]], ['-rotated', [next, signer]]]) {
  for (const [kind, value] of Object.entries(documents(by, keys))) {
    if (!name || kind !== 'profile') write(`${kind}${name}.json`, value);
  }
}
