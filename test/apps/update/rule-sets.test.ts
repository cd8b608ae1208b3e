import { expect } from 'chai';
import {
  addsOnlyGranted,
  hasSameRules,
  rulesAfterUpdate,
  storedRules,
} from '../../../src/apps/update/rule-sets.ts';

describe('rules of an application', () => {
  const files = { type: 'io.cozy.files', verbs: ['GET'] };
  const contacts = { type: 'io.cozy.contacts', verbs: ['GET'] };

  describe('are the same', () => {
    it('under other titles and descriptions', () => {
      expect(
        hasSameRules({ a: files, b: contacts }, { c: contacts, d: { ...files, description: 'x' } }),
      ).to.equal(true);
    });

    it('not with another verb, value, selector or type', () => {
      for (const other of [
        { ...files, verbs: ['GET', 'POST'] },
        { ...files, values: ['x'] },
        { ...files, selector: 'x' },
        { ...files, type: 'io.cozy.files.versions' },
      ]) {
        expect(hasSameRules({ a: files }, { a: other }), JSON.stringify(other)).to.equal(false);
      }
    });

    it('not where one has more of them', () => {
      expect(hasSameRules({ a: files }, { a: files, b: contacts })).to.equal(false);
    });

    it('with some verbs or all of them, as a stack takes it', () => {
      expect(hasSameRules({ a: files }, { a: { type: 'io.cozy.files' } })).to.equal(true);
    });
  });

  it('of a konnector may grow by what a stack grants by itself, and by nothing else', () => {
    const carbonCopy = { type: 'io.cozy.certified.carbon_copy' };
    expect(addsOnlyGranted({ a: files }, { a: files, b: carbonCopy })).to.equal(true);
    expect(addsOnlyGranted({ a: files }, { a: files, b: carbonCopy, c: contacts })).to.equal(false);
  });

  it('are read leniently, and not where they are none', () => {
    expect(storedRules(undefined)).to.deep.equal({});
    expect(storedRules({ a: { type: 'x', verbs: ['ALL', 'GET'], values: [], more: 1 } })).to.deep.equal({
      a: { type: 'x' },
    });
    expect(storedRules({ a: 'x' })).to.equal(undefined);
    expect(storedRules([])).to.equal(undefined);
  });

  describe('after an update', () => {
    it('are those of the new manifest, and those that it drops where nobody changed any', () => {
      expect(rulesAfterUpdate({ files, contacts }, { files, contacts }, { files })).to.deep.equal({
        contacts,
        files,
      });
    });

    it('keep what somebody has added', () => {
      const granted = { files: { ...files, verbs: ['GET', 'PATCH'], values: ['one'] }, more: contacts };
      const wanted = { files: { ...files, verbs: ['GET', 'POST'] } };
      expect(rulesAfterUpdate({ files }, granted, wanted)).to.deep.equal({
        more: contacts,
        files: { ...files, verbs: ['GET', 'POST', 'PATCH'], values: ['one'] },
      });
    });

    it('give no more of a rule that the new manifest drops than somebody has granted', () => {
      const granted = { files, contacts: { ...contacts, values: ['one'] } };
      expect(rulesAfterUpdate({ files, contacts }, granted, { files })).to.deep.equal({
        contacts: { ...contacts, values: ['one'] },
        files,
      });
    });

    it('leave a rule with all verbs as it is', () => {
      const all = { type: 'io.cozy.files' };
      expect(rulesAfterUpdate({ files }, { files }, { files: all })).to.deep.equal({ files: all });
    });

    it('do not merge rules of other types', () => {
      expect(rulesAfterUpdate({ files }, { files }, { files: contacts })).to.deep.equal({ files: contacts });
    });

    it('are the same when they are worked out once more', () => {
      const granted = { files: { ...files, values: ['one'] }, more: contacts };
      const wanted = { files: { ...files, verbs: ['POST'] }, contacts };
      const once = rulesAfterUpdate({ files }, granted, wanted);
      expect(rulesAfterUpdate(wanted, once, wanted)).to.deep.equal(once);
    });
  });
});
