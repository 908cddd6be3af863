import type { Type } from '@nestjs/common';
import { openApiOf } from './document.js';

/** The document of an edge, made once, when it is first asked for. */
export class ApiDocument {
  #json: string | undefined;

  constructor(
    private readonly controllers: readonly Type<object>[],
    private readonly version: string,
  ) {}

  get json(): string {
    this.#json ??= JSON.stringify(openApiOf(this.controllers, { version: this.version }), null, 2);
    return this.#json;
  }
}
