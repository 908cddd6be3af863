import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

/**
 * The protocol as the files beside this one describe it. They are loaded when one is made.
 *
 * Messages are plain objects. What a client left out has its type's default, so ask the name of the
 * `oneof` which of its fields is there.
 */
export class Protocol {
  readonly #root: protobuf.Root;

  constructor() {
    this.#root = protobuf.loadSync(FILES.map((file) => `${import.meta.dirname}/${file}`));
    this.#root.resolveAll();
  }

  /** Returns how the methods of a service are called, and what goes to and fro. */
  service(name: string): ServiceDefinition {
    const service = this.#root.lookupService(name);
    return Object.fromEntries(
      service.methodsArray.map((method) => [method.name, definitionOf(service, method)]),
    );
  }

  /** Returns a message with its name, as a field of type `Any` holds it. */
  pack(name: string, message: object): { typeUrl: string; value: Uint8Array } {
    const type = this.#root.lookupType(name);
    return { typeUrl: `type.googleapis.com/${name}`, value: type.encode(message).finish() };
  }
  /** Returns the message that {@link pack} has packed under this name. */
  unpack(name: string, value: Uint8Array): object {
    return this.#root.lookupType(name).decode(value);
  }
}

/** Whether a client may be answered in a stream, and may send one. */
export interface Shape {
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/** Returns a method of which nothing is known but its name: its messages are not looked at. */
export function opaqueMethod(path: string, shape: Shape): MethodDefinition<Buffer, Buffer> {
  const asIs = (bytes: Buffer) => bytes;
  return {
    path,
    ...shape,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

function definitionOf(
  service: protobuf.Service,
  method: protobuf.Method,
): MethodDefinition<object, object> {
  const { resolvedRequestType: request, resolvedResponseType: response } = method;
  if (!request || !response) throw new Error(`${method.fullName} was not resolved`);
  return {
    path: `/${service.fullName.slice(1)}/${method.name}`,
    requestStream: method.requestStream === true,
    responseStream: method.responseStream === true,
    requestSerialize: (message) => bytesOf(request, message),
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: (message) => bytesOf(response, message),
    responseDeserialize: (bytes) => response.decode(bytes),
  };
}

const bytesOf = (type: protobuf.Type, message: object): Buffer => {
  const bytes = type.encode(message).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
};

const FILES = ['shared.proto', 'streams.proto', 'gossip.proto', 'features.proto'];
