import { Controller, RequestMapping } from '@nestjs/common';
import { DomainError } from '../domain/errors.js';
import { type Method, OPERATIONS, routeOf } from './operations.js';
import { nestMethods } from './serves.js';

/** Every operation that this version does not serve: 501, and only after authentication. */
@Controller()
export class LaterController {
  @Later('GET')
  get(): never {
    throw new DomainError('not_implemented');
  }

  @Later('POST')
  post(): never {
    throw new DomainError('not_implemented');
  }

  @Later('PUT')
  put(): never {
    throw new DomainError('not_implemented');
  }

  @Later('PATCH')
  patch(): never {
    throw new DomainError('not_implemented');
  }

  @Later('DELETE')
  delete(): never {
    throw new DomainError('not_implemented');
  }
}

function Later(method: Method): MethodDecorator {
  const later = OPERATIONS.filter((each) => each.status === 'later' && each.method === method);
  return RequestMapping({ path: later.map(routeOf), method: nestMethods[method] });
}
