import type { FastifyInstance } from 'fastify';

type Strategy = Parameters<FastifyInstance['addConstraintStrategy']>[0];
type Store = ReturnType<Strategy['storage']>;
type Handler = Parameters<Store['set']>[1];

/** What a route may be for beside another one on the same path. */
export interface RouteConstraint {
  /** Name of the constraint in the options of a route. */
  readonly name: string;
  /** Its value for a request; undefined for one that routes without the constraint get. */
  deriveValue: Strategy['deriveConstraint'];
}

/** Teaches the router of a server a constraint; to be called before the routes that have it. */
export function addRouteConstraint(app: FastifyInstance, { name, deriveValue }: RouteConstraint): void {
  if (app.hasConstraintStrategy(name)) return;
  app.addConstraintStrategy({
    name,
    // A request that has the value, where no route wants it, is for routes without.
    mustMatchWhenDerived: false,
    storage() {
      const handlers = new Map<unknown, Handler>();
      return {
        get: (value) => handlers.get(value) ?? null,
        set: (value, handler) => void handlers.set(value, handler),
      };
    },
    deriveConstraint: deriveValue,
    validate: () => undefined,
  });
}
