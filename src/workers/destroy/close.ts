import { newSecrets } from '../../instances/vault/secrets.ts';
import { type DestroyStage, rewriteInstance, takenBack } from './context.ts';

/**
 * Shuts everybody out: `deleting` alone does not keep a running stack from writing. `cli_secret` stays,
 * for it tells this life of the domain from the next (`ARCHITECTURE.md` §3.3).
 */
export const close: DestroyStage = {
  name: 'close',

  async run(context) {
    await rewriteInstance(context, (instance) => {
      if (instance.deleting !== true) throw takenBack(instance.domain);
      const { session_secret, oauth_secret } = newSecrets();
      return { ...instance, blocked: true, session_secret, oauth_secret };
    });
    return undefined;
  },

  verify: async ({ instance }) => (instance.blocked === true ? [] : ['it is not blocked any more']),
};
