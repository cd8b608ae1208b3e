import { expect } from 'chai';
import { safePath } from '../../../src/web/auth/safe-path.ts';

describe('the page after sign-in', () => {
  for (const path of ['/fleet', '/fleet/batches/7Q2K4', '/fleet?x=1', '/fleet/batches/7Q2K4?state=failed']) {
    it(`is the one that was asked for: ${path}`, () => {
      expect(safePath(path)).to.equal(path);
    });
  }

  for (const path of [
    'https://evil.example/fleet',
    '//evil.example/fleet',
    '/\\evil.example/fleet',
    '\\\\evil.example',
    '/\t/evil.example/fleet',
    '/fleet/../../evil',
    '/fleet/%2e%2e/instances',
    '/fleet/..%2f..\\instances/../../..',
    '/fleetevil',
    '/instances',
    'fleet',
    'javascript:alert(1)',
    '/fleet/sign-in?next=/fleet/sign-in',
    '/fleet/sign-out',
    `/fleet/${'a'.repeat(3_000)}`,
    '',
    undefined,
    ['/fleet/workers'],
  ]) {
    it(`is the first of all where another was asked for: ${JSON.stringify(path)?.slice(0, 60)}`, () => {
      expect(safePath(path)).to.equal('/fleet');
    });
  }
});
