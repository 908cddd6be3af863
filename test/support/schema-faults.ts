/** What a document's schemas may say; the dialect of `src/api/openapi/schema.ts`. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema;
}

type Named = Readonly<Record<string, JsonSchema>>;

/**
 * Returns what is wrong in `value` by `schema`: each fault with its place. Stricter than JSON
 * schema in one thing: a field that is not described is a fault, since nobody could know of it.
 *
 * @param named  what `$ref`s point at
 */
export function schemaFaults(value: unknown, schema: JsonSchema, named: Named, at = ''): string[] {
  if (schema.$ref !== undefined) {
    const found = named[schema.$ref.slice('#/components/schemas/'.length)];
    return found === undefined
      ? [`${at}: ${schema.$ref} is not there`]
      : schemaFaults(value, found, named, at);
  }
  if (value === null) return schema.nullable === true ? [] : [`${at}: null`];
  if (schema.type !== undefined && !types[schema.type]?.(value)) {
    return [`${at}: ${JSON.stringify(value)} is no ${schema.type}`];
  }
  if (schema.enum?.includes(value) === false) return [`${at}: ${String(value)} is no such word`];
  if (typeof value === 'string') return boundFaults(value.length, schema, at);
  if (typeof value === 'number') return numberFaults(value, schema, at);
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return [];
    return value.flatMap((each, index) => schemaFaults(each, items, named, `${at}[${index}]`));
  }
  return typeof value === 'object' ? objectFaults(value, schema, named, at) : [];
}

function boundFaults(length: number, { minLength = 0, maxLength }: JsonSchema, at: string) {
  const isWithin = length >= minLength && (maxLength === undefined || length <= maxLength);
  return isWithin ? [] : [`${at}: of ${length} characters`];
}

function numberFaults(value: number, { minimum, maximum }: JsonSchema, at: string): string[] {
  const isWithin = value >= (minimum ?? -Infinity) && value <= (maximum ?? Infinity);
  return isWithin ? [] : [`${at}: ${value} is out of its bounds`];
}

function objectFaults(value: object, schema: JsonSchema, named: Named, at: string): string[] {
  const { properties = {}, required = [], additionalProperties } = schema;
  const isMap = additionalProperties !== undefined || schema.properties === undefined;
  const missing = required.filter((name) => !Object.hasOwn(value, name));
  return [
    ...missing.map((name) => `${at}.${name}: is missing`),
    ...Object.entries(value).flatMap(([name, each]) => {
      const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
      if (known !== undefined) return schemaFaults(each, known, named, `${at}.${name}`);
      return isMap ? [] : [`${at}.${name}: is not described`];
    }),
  ];
}

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === 'number',
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && !Array.isArray(value),
};
