import { RequestMapping, RequestMethod } from '@nestjs/common';
import { assert } from '../shared/assert.js';
import type { Contract } from './openapi/contract.js';
import { ALL_OPERATIONS, type Method, type Operation, routeOf } from './operations.js';

/** An operation that a method answers, and what a caller may rely on there. */
export interface Served {
  readonly operation: Operation;
  /** Undefined: not told, which no operation stays. */
  readonly contract: Contract | undefined;
}

/**
 * Makes a controller's method the answer to an operation; its path stands in the one table.
 *
 * @param contract  for the document at `/openapi.json`; see CONTRIBUTING.md
 */
export function Serves(operationId: string, contract?: Contract): MethodDecorator {
  const operation = ALL_OPERATIONS.find((each) => each.operationId === operationId);
  assert(operation?.status === 'served', `${operationId} is no served operation`);
  const map = RequestMapping({ path: routeOf(operation), method: nestMethods[operation.method] });
  const served: Served = { operation, contract };
  return (target, key, descriptor) => {
    Reflect.defineMetadata(SERVED, served, target, key);
    return map(target, key, descriptor);
  };
}

/** Returns what a controller's method serves. */
export function servedBy(prototype: object, method: string): Served | undefined {
  return Reflect.getMetadata(SERVED, prototype, method) as Served | undefined;
}

export const nestMethods: Readonly<Record<Method, RequestMethod>> = {
  GET: RequestMethod.GET,
  HEAD: RequestMethod.HEAD,
  POST: RequestMethod.POST,
  PUT: RequestMethod.PUT,
  PATCH: RequestMethod.PATCH,
  DELETE: RequestMethod.DELETE,
};

const SERVED = 'moraine:served';
