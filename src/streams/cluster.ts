import type { ServerUnaryCall, sendUnaryData, UntypedServiceImplementation } from '@grpc/grpc-js';
import { uuidIn } from './protocol/values.js';

const LEADER = 8;
const STREAMS = 'event_store.client.streams.streams';

/** The cluster of one node, which leads; at the address by which the client reached it. */
export function gossip(options: {
  readonly nodeId: string;
  readonly listens: () => { readonly address: string; readonly port: number };
  readonly nowMs: () => number;
}): UntypedServiceImplementation {
  return {
    Read: (call: ServerUnaryCall<object, object>, answer: sendUnaryData<object>) => {
      const member = {
        instanceId: uuidIn('structured', options.nodeId),
        at: options.nowMs() * 10_000,
        state: LEADER,
        isAlive: true,
        endPoint: dialled(call.getHost()) ?? options.listens(),
      };
      answer(null, { members: [member] });
    },
  };
}

/** What is served. Clients do not try what is not named here. */
export function serverFeatures(): UntypedServiceImplementation {
  const methods = [
    { method: 'read', service: STREAMS, features: ['position', 'events'] },
    { method: 'append', service: STREAMS, features: [] },
    { method: 'delete', service: STREAMS, features: [] },
    { method: 'tombstone', service: STREAMS, features: [] },
    { method: 'batchappend', service: STREAMS, features: ['deadline_duration'] },
    { method: 'read', service: 'event_store.client.gossip.gossip', features: [] },
    {
      method: 'getsupportedmethods',
      service: 'event_store.client.server_features.serverfeatures',
      features: [],
    },
  ];
  return {
    GetSupportedMethods: (_: unknown, answer: sendUnaryData<object>) =>
      answer(null, { methods, version: PROTOCOL_VERSION }),
  };
}

function dialled(authority: string): { address: string; port: number } | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(authority) ?? [];
  const address = bracketed ?? plain;
  return address === undefined ? undefined : { address, port: Number(port) };
}

/** The server whose protocol this is: clients compare it with what they need. */
const PROTOCOL_VERSION = '24.10.0';
