import { getMetadataStorage } from 'class-validator';
import { assert } from '../../shared/assert.js';
import type { Schema } from './schema.js';

/**
 * Says what a field of a body is when no class-validator decorator does: maps of the user's,
 * objects within, and what is checked by hand.
 */
export function HasSchema(schema: Schema, need?: 'optional'): PropertyDecorator {
  return (target, property) => {
    const fields = { ...hintsOf(target), [property]: { schema, isRequired: need === undefined } };
    Reflect.defineMetadata(HINTS, fields, target);
  };
}

/**
 * Returns the schema of a body's class, by its decorators.
 *
 * @throws InvariantError  a field that none of them describes
 */
export function schemaOfClass(shape: new () => object): Schema {
  const rules = rulesOf(shape);
  const hints = hintsOf(shape.prototype as object);
  const names = Object.keys(new shape());
  const fields = names.map((name) => {
    const own = rules.filter((rule) => rule.propertyName === name);
    const hint = hints[name];
    assert(hint !== undefined || own.length > 0, `${shape.name}.${name} says what it is`);
    const isOptional = own.some((rule) => nameOf(rule) === 'isOptional');
    const schema = { ...schemaOf(own), ...hint?.schema, ...(isOptional && { nullable: true }) };
    return { name, schema, isRequired: !isOptional && hint?.isRequired !== false };
  });
  const required = fields.filter((field) => field.isRequired).map((field) => field.name);
  return {
    title: shape.name,
    type: 'object',
    properties: Object.fromEntries(fields.map(({ name, schema }) => [name, schema])),
    ...(required.length > 0 && { required }),
  };
}

type Rule = ReturnType<typeof rulesOf>[number];
type Hints = Readonly<Record<string | symbol, { schema: Schema; isRequired: boolean }>>;

function rulesOf(shape: new () => object) {
  return getMetadataStorage().getTargetValidationMetadatas(shape, '', false, false);
}

function hintsOf(prototype: object): Hints {
  return (Reflect.getMetadata(HINTS, prototype) ?? {}) as Hints;
}

function nameOf(rule: Rule): string {
  return rule.name ?? rule.type;
}

/** Rules with `each` speak of a list's items, the others of the field itself. */
function schemaOf(rules: readonly Rule[]): Schema {
  const merged = (each: boolean) =>
    rules
      .filter((rule) => rule.each === each)
      .reduce<Schema>((schema, rule) => ({ ...schema, ...schemaOfRule(rule) }), {});
  const items = merged(true);
  return Object.keys(items).length === 0 ? merged(false) : { ...merged(false), items };
}

function schemaOfRule(rule: Rule): Schema {
  const known = schemas[nameOf(rule)];
  assert(known !== undefined, `the rule ${nameOf(rule)} has a schema`);
  return known(rule.constraints?.[0] as never);
}

/** What each rule that a body may use says as a schema. */
const schemas: Readonly<Record<string, (constraint: never) => Schema>> = {
  isOptional: () => ({}),
  isText: () => ({ type: 'string' }),
  isString: () => ({ type: 'string' }),
  isBoolean: () => ({ type: 'boolean' }),
  isInt: () => ({ type: 'integer', format: 'int64' }),
  isNumber: () => ({ type: 'number' }),
  isArray: () => ({ type: 'array' }),
  isObject: () => ({ type: 'object' }),
  isEmail: () => ({ type: 'string', format: 'email' }),
  isNotEmpty: () => ({ minLength: 1 }),
  isIn: (words: readonly string[]) => ({ type: 'string', enum: words }),
  min: (minimum: number) => ({ minimum }),
  max: (maximum: number) => ({ maximum }),
  minLength: (minLength: number) => ({ minLength }),
  maxLength: (maxLength: number) => ({ maxLength }),
  arrayMinSize: (minItems: number) => ({ minItems }),
  arrayMaxSize: (maxItems: number) => ({ maxItems }),
  matches: (pattern: RegExp) => ({ type: 'string', pattern: pattern.source }),
};

const HINTS = 'moraine:hints';
