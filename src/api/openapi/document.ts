import type { Type } from '@nestjs/common';
import {
  ALL_OPERATIONS,
  API_PREFIX,
  OPTIONAL_CALLER_OPERATIONS,
  PUBLIC_OPERATIONS,
} from '../operations.js';
import { Components } from './components.js';
import type {
  Content,
  OpenApiDocument,
  OperationObject,
  ParameterObject,
  ResponseObject,
} from './document-shapes.js';
import { schemaOfClass } from './dto-schema.js';
import { pathSchemaOf } from './parameter-schemas.js';
import { refusalsOf } from './refusals.js';
import { BINARY, type Fields, nameOf, type Schema } from './schema.js';
import { type ToldOperation, toldBy } from './told-operations.js';

/**
 * Returns the document of all that these controllers serve.
 *
 * @throws InvariantError  a body that does not say what it is
 */
export function openApiOf(
  controllers: readonly Type<object>[],
  { version }: { version: string },
): OpenApiDocument {
  const told = toldBy(controllers);
  const components = new Components();
  const paths: Record<string, Record<string, OperationObject>> = {};
  for (const operation of ALL_OPERATIONS) {
    const one = told.get(operation.operationId);
    if (one === undefined) continue;
    const methods = (paths[operation.path] ??= {});
    methods[operation.method.toLowerCase()] = operationObject(one, components);
  }
  return {
    openapi: '3.0.3',
    info: { title: 'Moraine', version, description: ABOUT },
    servers: [{ url: API_PREFIX }],
    security: SECURITY,
    paths,
    components: { securitySchemes, schemas: components.all() },
  };
}

function operationObject(told: ToldOperation, components: Components): OperationObject {
  const parameters = parametersOf(told);
  const requestBody = bodyOf(told, components);
  return {
    operationId: told.operationId,
    tags: [tagOf(told.path)],
    ...(told.contract.about !== undefined && { description: told.contract.about }),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody !== undefined && { requestBody }),
    responses: { ...successesOf(told, components), ...refusalsOf(told, components) },
    ...securityOf(told.operationId),
  };
}

/** Nothing for what needs a caller, as the document says of all. */
function securityOf(operationId: string): { security?: readonly object[] } {
  if (PUBLIC_OPERATIONS.has(operationId)) return { security: [] };
  return OPTIONAL_CALLER_OPERATIONS.has(operationId) ? { security: [{}, ...SECURITY] } : {};
}

function parametersOf({ path, contract, reads }: ToldOperation): readonly ParameterObject[] {
  const all = [...reads, contract];
  return [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) =>
      parameterObject('path', name, pathSchemaOf(name)),
    ),
    ...all.flatMap((each) => parameterObjects('query', each.query)),
    ...all.flatMap((each) => parameterObjects('header', each.headers)),
  ];
}

function parameterObjects(place: 'query' | 'header', fields: Fields = {}): ParameterObject[] {
  return Object.entries(fields).map(([name, schema]) => parameterObject(place, name, schema));
}

function parameterObject(
  place: ParameterObject['in'],
  field: string,
  { description, ...schema }: Schema,
): ParameterObject {
  const name = nameOf(field);
  const about = description === undefined ? {} : { description };
  return { in: place, name, required: name === field, ...about, schema };
}

function bodyOf(
  { contract, reads }: ToldOperation,
  components: Components,
): OperationObject['requestBody'] {
  const taken = reads.find((each) => each.body !== undefined);
  const schema = contract.body ?? (taken?.body && schemaOfClass(taken.body));
  if (schema === undefined) return undefined;
  const types = contract.bodyAs ?? [JSON_TYPE];
  const isOptional = contract.isBodyOptional === true || taken?.isBodyOptional === true;
  return {
    required: !isOptional,
    content: Object.fromEntries(types.map((type) => [type, { schema: components.told(schema) }])),
  };
}

function successesOf(
  { contract, status, method }: ToldOperation,
  components: Components,
): Readonly<Record<string, ResponseObject>> {
  const { answers, answersAs = JSON_TYPE, alsoAnswers = {} } = contract;
  const told = answers === undefined || method === 'HEAD' ? undefined : answers;
  const content = (schema: Schema, type = JSON_TYPE): Content => ({
    [type]: { schema: components.told(schema) },
  });
  return {
    [status]: {
      description: told?.description ?? told?.title ?? (told ? 'Done' : 'Done; nothing is told'),
      ...(told !== undefined && { content: content(told, answersAs) }),
    },
    ...Object.fromEntries(
      Object.entries(alsoAnswers).map(([code, { about, schema }]) => {
        const type = schema === BINARY ? answersAs : JSON_TYPE;
        const body = schema === undefined || method === 'HEAD' ? undefined : content(schema, type);
        return [code, { description: about, ...(body !== undefined && { content: body }) }];
      }),
    ),
  };
}

/** What stands together on the page: by the last word of the path that names a kind of thing. */
function tagOf(path: string): string {
  const words = path.split('/').filter((word) => word !== '' && !word.startsWith('{'));
  const within = words[0] === 'repositories' && words.length > 1 ? words.slice(1) : words;
  return KINDS.find((kind) => within.includes(kind)) ?? words[0] ?? 'api';
}

/** The narrower kind first. */
const KINDS = ['objects', 'staging', 'import', 'commits', 'diff', 'merge', 'branches', 'refs'];
const JSON_TYPE = 'application/json';
const ABOUT =
  "Version control for data in object storage. The operations are those of lakeFS's REST API; " +
  'what lakeFS has not stands below /moraine. Whatever is refused is answered with ' +
  '{"message": string}. Before a request reaches an operation it may also be refused with 408 ' +
  '(it took too long to arrive), 417 (an expectation) or 431 (path and headers over 64 KiB).';
const SECURITY = [{ basic_auth: [] }, { jwt_token: [] }, { cookie_auth: [] }];
const securitySchemes = {
  basic_auth: { type: 'http', scheme: 'basic' },
  jwt_token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  cookie_auth: { type: 'apiKey', in: 'cookie', name: 'internal_auth_session' },
};
