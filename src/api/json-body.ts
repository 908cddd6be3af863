import { isUtf8 } from 'node:buffer';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { validateSync, ValidateBy, type ValidationOptions } from 'class-validator';
import { DomainError } from '../domain/errors.js';
import { edgeRequest } from './caller.js';
import { noteReads, type Reads } from './openapi/contract.js';

/**
 * Reads a body as JSON.
 *
 * `JSON.parse` keeps every key as a property of its own, `__proto__` too; nothing that is read
 * here may be copied by assignment onto an object with a prototype.
 *
 * @throws DomainError invalid
 */
export function parseJson(bytes: Buffer, contentType: string): unknown {
  if (bytes.length === 0) return undefined;
  if (!jsonType.test(contentType)) {
    throw invalid('Content-Type', `has unexpected value "${contentType}"`);
  }
  if (!isUtf8(bytes)) throw invalid('body', 'is not valid UTF-8');
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw invalid('body', 'is not valid JSON');
  }
}

/** The JSON body, checked by the class that describes it. */
export function JsonBody(shape: new () => object): ParameterDecorator {
  return bodyParam(shape, { body: shape });
}

/** The same where none need be sent: one without a field is taken for it. */
export function OptionalJsonBody(shape: new () => object): ParameterDecorator {
  return bodyParam(shape, { body: shape, isBodyOptional: true });
}

function bodyParam(shape: new () => object, reads: Reads): ParameterDecorator {
  const read = createParamDecorator((_: unknown, context: ExecutionContext): object => {
    const { body } = edgeRequest(context);
    return checked(shape, body === undefined && reads.isBodyOptional === true ? {} : body, '');
  })();
  return (target, method, at) => {
    if (method !== undefined) noteReads(target, method, reads);
    read(target, method, at);
  };
}

/**
 * Returns the fields of `json` that `shape` declares; others are left alone.
 *
 * @param within  what holds it: "" or `key.`
 * @throws DomainError invalid  naming the first field that is wrong
 */
export function checked<Body extends object>(
  shape: new () => Body,
  json: unknown,
  within: string,
): Body {
  const body = new shape();
  const given = objectOf(json, within === '' ? 'body' : within.slice(0, -1));
  for (const name of Object.keys(body)) {
    if (Object.hasOwn(given, name)) Reflect.set(body, name, Reflect.get(given, name));
  }
  const [fault] = validateSync(body, { stopAtFirstError: true, forbidUnknownValues: false });
  if (fault === undefined) return body;
  const [reason = 'is not valid'] = Object.values(fault.constraints ?? {});
  throw invalid(within + fault.property, reason.replace(`${fault.property} `, ''));
}

/** @throws DomainError invalid  missing, or no object */
export function objectOf(json: unknown, field: string): object {
  if (json === undefined) throw invalid(field, 'value is required but missing');
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw invalid(field, 'must be an object');
  }
  return json;
}

/** Text that every encoding can carry: no lone half of a pair. */
export function IsText(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isText',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && value.isWellFormed(),
        defaultMessage: (of) =>
          typeof of?.value === 'string'
            ? '$property is not valid Unicode'
            : '$property must be a string',
      },
    },
    options,
  );
}

function invalid(field: string, reason: string): DomainError {
  return new DomainError('invalid', { field, reason });
}

const jsonType = /^\s*application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
