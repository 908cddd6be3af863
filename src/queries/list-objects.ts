import { Query } from '@nestjs/cqrs';
import type { ObjectEntry, RepositoryId, StorageNamespace } from '../domain/model.js';
import type { Page, PageRequest } from '../shared/page.js';

export type ListedObject =
  | { readonly kind: 'object'; readonly path: string; readonly entry: ObjectEntry }
  | { readonly kind: 'common_prefix'; readonly path: string };

export interface ObjectsPage extends Page<ListedObject> {
  readonly namespace: StorageNamespace;
}

export class ListObjects extends Query<ObjectsPage> {
  constructor(
    readonly repository: RepositoryId,
    readonly ref: string,
    readonly page: PageRequest,
    readonly filter: {
      readonly prefix: string;
      /** "" for none. */
      readonly delimiter: string;
    },
  ) {
    super();
  }
}
