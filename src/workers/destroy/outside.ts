import { isReservation } from '../../instances/documents/reservation.ts';
import { deleteFromRag, ragServerOf } from '../../stack/rag.ts';
import { type DestroyStage, refuseUnwanted } from './context.ts';

/** Has the RAG server forget the instance, where one is configured (`docs/cozy-data.md` §6.4). */
export const outside: DestroyStage = {
  name: 'outside',

  isIdle: ({ services, instance }) =>
    isReservation(instance) || ragServerOf(services.rag, instance.context) === undefined,

  async run(context) {
    await refuseUnwanted(context);
    const { services, instance, signal, lease } = context;
    lease.assertHeld();
    if (!isReservation(instance)) await deleteFromRag(services.rag, instance, signal);
    return undefined;
  },

  // It answers the same whether there was something to forget or not.
  verify: async () => [],
};
