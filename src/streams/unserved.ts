import type { MethodDefinition, sendUnaryData, ServerDuplexStream } from '@grpc/grpc-js';
import { opaqueMethod } from './protocol/protocol.js';
import { unimplemented } from './refusal.js';

/** What the protocol has and this server has not: what to do instead, for each service. */
const SERVICES: readonly {
  readonly service: string;
  readonly instead: string;
  /** With spaces between. */
  readonly methods: string;
}[] = [
  {
    service: 'event_store.client.persistent_subscriptions.PersistentSubscriptions',
    instead:
      'Moraine has no persistent subscriptions: subscribe to the stream or to $all, and keep ' +
      'your place yourself',
    methods: 'Create Update Delete GetInfo ReplayParked List RestartSubsystem',
  },
  {
    service: 'event_store.client.projections.Projections',
    instead: 'Moraine runs no projections of its clients: subscribe and make your own',
    methods: 'Create Update Delete Statistics Disable Enable Reset State Result RestartSubsystem',
  },
  {
    service: 'event_store.client.users.Users',
    instead: "users are Moraine's own: make and change them by its API",
    methods: 'Create Update Delete Disable Enable Details ChangePassword ResetPassword',
  },
  {
    service: 'event_store.client.operations.Operations',
    instead: 'Moraine has nothing to scavenge, to merge or to resign from',
    methods:
      'StartScavenge StopScavenge Shutdown MergeIndexes ResignNode SetNodePriority ' +
      'RestartPersistentSubscriptions GetActiveScavenge GetCurrentScavenge GetLastScavenge',
  },
  {
    service: 'event_store.client.monitoring.Monitoring',
    instead: 'figures are at /metrics of the API',
    methods: 'Stats',
  },
];

const PERSISTENT_READ = `/${SERVICES[0]?.service}/Read`;
const STREAMED = new Set(['Statistics', 'Details', 'Stats']);

interface Unserved {
  readonly definition: MethodDefinition<Buffer, Buffer>;
  readonly handler: (
    call: ServerDuplexStream<Buffer, Buffer>,
    answer?: sendUnaryData<Buffer>,
  ) => void;
}

/** Returns every method that is answered UNIMPLEMENTED, and with which words. */
export function unservedMethods(): readonly Unserved[] {
  const named = SERVICES.flatMap(({ service, instead, methods }) =>
    methods.split(' ').map((method) => ({
      path: `/${service}/${method}`,
      instead,
      shape: { requestStream: false, responseStream: STREAMED.has(method) },
    })),
  );
  const persistent = {
    path: PERSISTENT_READ,
    instead: SERVICES[0]?.instead ?? '',
    shape: { requestStream: true, responseStream: true },
  };
  return [...named, persistent].map(({ path, instead, shape }) => ({
    definition: opaqueMethod(path, shape),
    handler: (call, answer) => {
      const { status } = unimplemented(instead);
      if (answer) answer(status);
      else call.emit('error', status);
    },
  }));
}
