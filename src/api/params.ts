import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { edgeRequest } from './caller.js';
import { branchId, objectPath, pageRequest, refText, repositoryId, tagId } from './parse.js';
import { Query } from './query.js';

/** Parts of a request's path and query as parameters of a controller's method. */
export const RepositoryParam = pathParam('repository', repositoryId);
export const BranchParam = pathParam('branch', branchId);
export const RefParam = pathParam('ref', refText);
export const CommitParam = pathParam('commitId', refText);
export const TagParam = pathParam('tag', tagId);

/** The whole query, to be asked for its parameters. */
export const QueryParams = createParamDecorator((_: unknown, context: ExecutionContext) =>
  queryOf(context),
);

/** The object that `?path=` names. */
export const PathQuery = createParamDecorator((_: unknown, context: ExecutionContext) =>
  objectPath(queryOf(context).required('path')),
);

/** `after` and `amount`. */
export const PageQuery = createParamDecorator((_: unknown, context: ExecutionContext) =>
  pageRequest(queryOf(context)),
);

export function queryOf(context: ExecutionContext): Query {
  return new Query(edgeRequest(context).raw.url ?? '');
}

function pathParam<Value>(name: string, parse: (text: string, field: string) => Value) {
  return createParamDecorator((_: unknown, context: ExecutionContext): Value => {
    // Decoded by the router, which refuses what is no escape and no UTF-8: see http-adapter.ts.
    const params = edgeRequest(context).params as Readonly<Record<string, string>>;
    return parse(params[name] ?? '', name);
  });
}
