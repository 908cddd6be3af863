import type { OpenApiDocument, OperationObject } from '../../src/api/openapi/document-shapes.js';
import { type JsonSchema, schemaFaults } from '../support/schema-faults.js';

/** Holds answers to the document that this edge gives out of itself. */
export class KeptContract {
  readonly #routes: readonly Route[];
  readonly #named: Readonly<Record<string, JsonSchema>>;

  constructor({ paths, servers, components }: OpenApiDocument) {
    const [{ url: prefix } = { url: '' }] = servers;
    this.#named = components.schemas as Readonly<Record<string, JsonSchema>>;
    this.#routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        // A slash between braces is none of the path's.
        path: new RegExp(`^${prefix}${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
        operation,
      })),
    );
  }

  /**
   * Checks one answer; of paths that are not in the document it knows nothing.
   *
   * @throws Error  a status or a body that the document does not tell of
   */
  async check(method: string, url: string, response: Response): Promise<void> {
    const path = url.split(/[?#]/, 1)[0] ?? '';
    const route = this.#routes.find((each) => each.method === method && each.path.test(path));
    if (route === undefined) return;
    const { operationId, responses }: OperationObject = route.operation;
    const told = responses[response.status];
    const answered = `${operationId} answered ${response.status}`;
    if (told === undefined) throw new Error(`${answered}, which /openapi.json does not tell of`);
    const json = told.content?.['application/json'];
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    if (!isJson) return;
    if (json === undefined) throw new Error(`${answered} with JSON, which it does not tell of`);
    const body = (await response.clone().json()) as unknown;
    const faults = schemaFaults(body, json.schema as JsonSchema, this.#named);
    if (faults.length > 0) throw new Error(`${answered} with a body of its own: ${faults.join()}`);
  }
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly operation: OperationObject;
}
