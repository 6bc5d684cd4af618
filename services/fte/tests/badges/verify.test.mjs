// What the service issues, as libraries of others see it: taken as it is, and refused once anything is changed, by each of them. The vectors
// are what the service's own tests pin, byte by byte.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { canonical, credential, documents, issuer, jwt, key, proven, statusList } from './issue.mjs';
import { ofJwts, ofLists, ofProofs } from './libraries.mjs';

const read = (name) => readFileSync(new URL(`vectors/${name}`, import.meta.url), 'utf8');
const json = (name) => JSON.parse(read(name));
const NOW = '2026-06-01T10:20:30Z';
const by = issuer('https://badges.example.com', 'Example Academy');
const [signer, other] = ['key.pem', 'next.pem'].map((name) => key(read(name)));
const certificate = json('certificate.json');
const badge = json('credential.json');
const token = read('credential.jwt').trim();
const world = { did: json('did.json'), jwks: json('jwks.json'), status: json('status.json'), now: NOW };

const changed = (change) => {
  const copy = structuredClone(badge);
  change(copy);
  return copy;
};
/** A JWT whose payload says something else under the same signature. */
const forged = (change) => {
  const [header, payload, signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  change(claims);
  return [header, Buffer.from(canonical(claims)).toString('base64url'), signature].join('.');
};
const score = (one) => { one.credentialSubject.result[0].value = '10'; };
const subject = (one) => { one.credentialSubject.identifier[0].identityHash = `sha256$${'0'.repeat(64)}`; };
const extra = (one) => { one.credentialSubject.achievement.description += ' With honours.'; };

for (const [library, verify] of Object.entries(ofProofs)) {
  test(`${library} takes the credential, also after its key was replaced`, async () => {
    await verify(badge, world);
    await verify(badge, { ...world, did: json('did-rotated.json') });
  });
  for (const [what, credentialOf, differs, why] of [
    ['another score', () => changed(score), {}, /signature/i],
    ['another subject', () => changed(subject), {}, /signature/i],
    ['another text', () => changed(extra), {}, /signature/i],
    ['no status', () => changed((one) => delete one.credentialStatus), {}, /signature/i],
    ['a later end', () => changed((one) => { one.validUntil = '2036-01-02T03:04:05Z'; }), {}, /signature/i],
    ['a property that no context knows', () => changed((one) => { one.honours = 'yes'; }), {}, /safe mode|signature/i],
    ["another key's proof", () => proven(by, other, credential(by, certificate)), {}, /not among the documents/],
    ["another key's proof under this key's name", () => proven(by, { ...other, multikey: signer.multikey }, credential(by, certificate)), {}, /signature/i],
    ['its end in the past', () => badge, { now: '2027-01-02T03:20:00Z', status: 'of then' }, /expired|validUntil/i],
    ['its beginning to come', () => badge, { now: '2026-01-02T02:50:00Z', status: 'of then' }, /not yet|validFrom|issuanceDate/i],
    ['its bit set in the list', () => badge, { status: json('status-revoked.json') }, /^Error: revoked$/],
    ["another key's list", () => badge, { status: proven(by, other, statusList(by, 1, [], NOW)) }, /not among the documents/],
  ]) {
    test(`${library} refuses it with ${what}`, async () => {
      const at = { ...world, ...differs };
      at.status = typeof at.status === 'string' ? await proven(by, signer, statusList(by, 1, [], at.now)) : await at.status;
      await assert.rejects(verify(await credentialOf(), at), why);
    });
  }
}

for (const [library, verify] of Object.entries(ofJwts)) {
  test(`${library} takes the VC-JWT, also after its key was replaced`, async () => {
    for (const rotated of ['', '-rotated']) {
      const claims = await verify(token, { ...world, did: json(`did${rotated}.json`), jwks: json(`jwks${rotated}.json`) });
      const { exp, iss, jti, nbf, sub, ...said } = claims;
      assert.deepEqual(said, changed((one) => delete one.proof));
      assert.deepEqual([iss, jti, sub], [badge.issuer.id, badge.id, badge.credentialSubject.id]);
      assert.deepEqual([nbf, exp].map((time) => `${new Date(time * 1000).toISOString().slice(0, 19)}Z`), [badge.validFrom, badge.validUntil]);
    }
  });
  for (const [what, tokenOf, differs, why] of [
    ['another score', () => forged(score), {}, /signature/i],
    ['another subject', () => forged((one) => { subject(one); one.sub = 'urn:uuid:0191f7a1-3f0c-7000-8000-000000000002'; }), {}, /signature/i],
    ['a later end', () => forged((one) => { one.exp += 1; }), {}, /signature/i],
    ["another key's signature", () => jwt(by, { ...other, thumbprint: signer.thumbprint }, credential(by, certificate)), {}, /signature/i],
    ['no algorithm', () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`, {}, /alg|invalid|supported|format/i],
    ['its end in the past', () => token, { now: '2027-01-02T03:04:06Z' }, /exp/i],
    ['its beginning to come', () => token, { now: '2026-01-02T03:04:04Z' }, /nbf/i],
  ]) {
    test(`${library} refuses it with ${what}`, () => assert.rejects(async () => verify(tokenOf(), { ...world, ...differs }), why));
  }
}

for (const [library, { decodeList }] of Object.entries(ofLists)) {
  test(`${library} reads the lists: one bit differs`, async () => {
    const [before, after] = await Promise.all(['status.json', 'status-revoked.json'].map(async (name) => {
      const list = await decodeList({ encodedList: json(name).credentialSubject.encodedList });
      return Array.from({ length: list.length }, (_, index) => list.getStatus(index));
    }));
    assert.deepEqual([before.length, after.length], [131_072, 131_072]);
    assert.ok(!before.includes(true));
    assert.deepEqual(after.flatMap((set, index) => (set ? [index] : [])), [Number(badge.credentialStatus.statusListIndex)]);
  });
}

test('the vectors are what another implementation issues', async () => {
  const document = credential(by, certificate);
  assert.deepEqual(badge, await proven(by, signer, document));
  assert.equal(token, jwt(by, signer, document));
  assert.deepEqual({ profile: json('profile.json'), did: world.did, jwks: world.jwks }, documents(by, [signer]));
});

test('nobody is named in what is issued', () => {
  for (const text of [read('credential.json'), Buffer.from(token.split('.')[1], 'base64url').toString()]) {
    for (const secret of [certificate.human_name_id, certificate.token]) assert.ok(!text.includes(secret));
  }
});
