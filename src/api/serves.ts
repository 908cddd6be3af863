import { RequestMapping, RequestMethod } from '@nestjs/common';
import { assert } from '../shared/assert.js';
import { OPERATIONS, routeOf, type Method } from './operations.js';

/** Makes a controller's method the answer to an operation; its path stands in the one table. */
export function Serves(operationId: string): MethodDecorator {
  const operation = OPERATIONS.find((each) => each.operationId === operationId);
  assert(operation?.status === 'served', `${operationId} is no served operation`);
  return RequestMapping({ path: routeOf(operation), method: nestMethods[operation.method] });
}

export const nestMethods: Readonly<Record<Method, RequestMethod>> = {
  GET: RequestMethod.GET,
  HEAD: RequestMethod.HEAD,
  POST: RequestMethod.POST,
  PUT: RequestMethod.PUT,
  PATCH: RequestMethod.PATCH,
  DELETE: RequestMethod.DELETE,
};
