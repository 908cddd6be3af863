import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { BranchId, ObjectPath, RepositoryId } from '../domain/model.js';
import { type EdgeRequest, edgeRequest } from './caller.js';
import { noteReads, type Reads } from './openapi/contract.js';
import { AFTER, AMOUNT, PATH } from './openapi/parameter-schemas.js';
import {
  branchId,
  branchRef,
  metadataType,
  objectPath,
  pageRequest,
  partNumber,
  pullId,
  refText,
  repositoryId,
  tableId,
  tagId,
} from './parse.js';
import { Query } from './query.js';

/** Parts of a request's path and query as parameters of a controller's method. */
export const RepositoryParam = param((request) => repositoryId(pathText(request, 'repository')));
export const PullParam = param((request) => pullId(pathText(request, 'pull_request')));
export const TagParam = param((request) => tagId(pathText(request, 'tag')));
export const CommitParam = param((request) => refText(pathText(request, 'commitId'), 'commitId'));

export interface PlaceOnBranch {
  readonly repository: RepositoryId;
  readonly branch: BranchId;
}
export const OnBranch = param(placeOnBranch);

/** To be read: a branch as of a moment, too. */
export interface PlaceAtBranch {
  readonly repository: RepositoryId;
  readonly branch: string;
}
export const AtBranch = param((request): PlaceAtBranch => ({
  repository: repositoryId(pathText(request, 'repository')),
  branch: branchRef(pathText(request, 'branch')),
}));

export interface PlaceAtRef {
  readonly repository: RepositoryId;
  readonly ref: string;
}
export const AtRef = param(placeAtRef);

export interface PlaceBetweenRefs {
  readonly repository: RepositoryId;
  readonly left: string;
  readonly right: string;
}
export const BetweenRefs = param((request): PlaceBetweenRefs => ({
  repository: repositoryId(pathText(request, 'repository')),
  left: refText(pathText(request, 'leftRef'), 'leftRef'),
  right: refText(pathText(request, 'rightRef'), 'rightRef'),
}));

/** A merge: from a ref to a branch. */
export interface PlaceOntoBranch extends PlaceOnBranch {
  readonly sourceRef: string;
}
export const OntoBranch = param((request): PlaceOntoBranch => {
  const { repository, sourceRef, destinationRef } = mergedRefs(request);
  return { repository, sourceRef, branch: branchId(destinationRef, 'destinationBranch') };
});

export interface RefsMerged {
  readonly repository: RepositoryId;
  readonly sourceRef: string;
  readonly destinationRef: string;
}
export const MergedRefs = param(mergedRefs);

/** With the path that `?path=` names. */
export interface ObjectPlaceOnBranch extends PlaceOnBranch {
  readonly path: ObjectPath;
}
export const ObjectOnBranch = param(
  (request): ObjectPlaceOnBranch => ({ ...placeOnBranch(request), path: pathQuery(request) }),
  { query: { path: PATH } },
);

/** An upload in parts; with the path that `?path=` names. */
export const UploadParam = param(
  (request): ObjectPlaceOnBranch & { readonly uploadId: string } => ({
    ...placeOnBranch(request),
    path: pathQuery(request),
    uploadId: pathText(request, 'uploadId'),
  }),
  { query: { path: PATH } },
);
/** A part of such an upload. */
export const PartParam = param(
  (request): ObjectPlaceOnBranch & { readonly uploadId: string; readonly partNumber: number } => ({
    ...placeOnBranch(request),
    path: pathQuery(request),
    uploadId: pathText(request, 'uploadId'),
    partNumber: partNumber(pathText(request, 'partNumber')),
  }),
  { query: { path: PATH } },
);

/** A range or a metarange of a repository; which of both, nothing depends on. */
export const MetadataObjectParam = param((request): TableOfRepository => {
  metadataType(pathText(request, 'type'));
  return {
    repository: repositoryId(pathText(request, 'repository')),
    id: tableId(pathText(request, 'object_id'), 'object_id'),
  };
});
export interface TableOfRepository {
  readonly repository: RepositoryId;
  readonly id: string;
}
/** The id of a range or a metarange. @param name  of the part of the path */
export const TableIdParam = (name: string) =>
  param((request) => tableId(pathText(request, name), name))();

export interface ObjectPlaceAtRef extends PlaceAtRef {
  readonly path: ObjectPath;
}
export const ObjectAtRef = param(
  (request): ObjectPlaceAtRef => ({ ...placeAtRef(request), path: pathQuery(request) }),
  { query: { path: PATH } },
);

/** The whole query, to be asked for its parameters. */
export const QueryParams = param(queryOf);

/** `after` and `amount`. */
export const PageQuery = param((request) => pageRequest(queryOf(request)), {
  query: { 'after?': AFTER, 'amount?': AMOUNT },
});

/** The query of a request, taken apart once for all who ask for its parameters. */
export function queryOf(request: EdgeRequest): Query {
  request.parsedQuery ??= new Query(request.raw.url ?? '');
  return request.parsedQuery;
}

function placeOnBranch(request: EdgeRequest): PlaceOnBranch {
  return {
    repository: repositoryId(pathText(request, 'repository')),
    branch: branchId(pathText(request, 'branch')),
  };
}

function mergedRefs(request: EdgeRequest): RefsMerged {
  const ref = (name: string) => refText(pathText(request, name), name);
  return {
    repository: repositoryId(pathText(request, 'repository')),
    sourceRef: ref('sourceRef'),
    destinationRef: ref('destinationBranch'),
  };
}

function placeAtRef(request: EdgeRequest): PlaceAtRef {
  return {
    repository: repositoryId(pathText(request, 'repository')),
    ref: refText(pathText(request, 'ref')),
  };
}

function pathQuery(request: EdgeRequest): ObjectPath {
  return objectPath(queryOf(request).required('path'));
}

/** Decoded by the router, which refuses what is no escape and no UTF-8: see http-adapter.ts. */
function pathText({ params }: EdgeRequest, name: string): string {
  return (params as Readonly<Record<string, string>>)[name] ?? '';
}

/** @param reads  what it takes of the query and the headers, for the document of this edge */
function param<Value>(read: (request: EdgeRequest) => Value, reads?: Reads) {
  const decorator = createParamDecorator((_: unknown, context: ExecutionContext) =>
    read(edgeRequest(context)),
  );
  return (): ParameterDecorator => (target, method, at) => {
    if (reads !== undefined && method !== undefined) noteReads(target, method, reads);
    decorator()(target, method, at);
  };
}
