import type { Type } from '@nestjs/common';
import { HTTP_CODE_METADATA } from '@nestjs/common/constants.js';
import { servedBy } from '../serves.js';
import { type Contract, type Reads, readsOf } from './contract.js';

/** One operation as its controller's method tells it. */
export interface ToldOperation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly contract: Contract;
  readonly reads: readonly Reads[];
}

/** Returns each operation that these controllers serve, by its id. */
export function toldBy(controllers: readonly Type<object>[]): ReadonlyMap<string, ToldOperation> {
  const found = new Map<string, ToldOperation>();
  for (const { prototype } of controllers as readonly { prototype: object }[]) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const served = servedBy(prototype, name);
      if (served === undefined) continue;
      const handler = Reflect.get(prototype, name) as object;
      const status = Reflect.getMetadata(HTTP_CODE_METADATA, handler) as number | undefined;
      const { operationId, method, path } = served.operation;
      found.set(operationId, {
        operationId,
        method,
        path,
        status: status ?? (method === 'POST' ? 201 : 200),
        contract: served.contract ?? {},
        reads: readsOf(prototype, name),
      });
    }
  }
  return found;
}
