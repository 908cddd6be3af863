import { IsIn, IsOptional } from 'class-validator';
import type { ChangePull } from '../../commands/pull/change-pull.js';
import type { OpenPull } from '../../commands/pull/open-pull.js';
import type { PullRecord } from '../../domain/pull/pull.events.js';
import { IsText } from '../json-body.js';
import { nullable, oneOf, shape, TEXT, type Schema } from '../openapi/schema.js';
import { branchId } from '../parse.js';

const STATUSES = ['open', 'closed', 'merged'] as const;

export class PullRequestCreation {
  @IsText()
  readonly title!: string;

  @IsOptional()
  @IsText()
  readonly description?: string | null;

  @IsText()
  readonly source_branch!: string;

  @IsText()
  readonly destination_branch!: string;
}

export class PullRequestChange {
  @IsOptional()
  @IsText()
  readonly title?: string | null;

  @IsOptional()
  @IsText()
  readonly description?: string | null;

  @IsOptional()
  @IsIn(STATUSES)
  readonly status?: (typeof STATUSES)[number] | null;
}

/** @throws DomainError invalid */
export const pullWish = (body: PullRequestCreation): OpenPull['wish'] => ({
  title: body.title,
  description: body.description ?? '',
  source: branchId(body.source_branch, 'source_branch'),
  destination: branchId(body.destination_branch, 'destination_branch'),
});

export const pullChange = (body: PullRequestChange): ChangePull['change'] => ({
  title: body.title ?? undefined,
  description: body.description ?? undefined,
  status: body.status ?? undefined,
});

const TIME: Schema = { type: 'string', format: 'date-time' };

export const PULL_REQUEST = shape('PullRequest', {
  'title?': TEXT,
  'description?': TEXT,
  'status?': oneOf(...STATUSES),
  id: TEXT,
  creation_date: TIME,
  author: TEXT,
  source_branch: TEXT,
  destination_branch: TEXT,
  'merged_commit_id?': nullable(TEXT),
  'closed_date?': TIME,
});

export const PULL_CREATED = shape('PullRequestCreationResponse', { id: TEXT });

/** As a list shows it: less what it is about and what it came to. */
export function listedPullJson(pull: PullRecord) {
  return {
    title: pull.title,
    status: pull.status,
    id: pull.id,
    creation_date: new Date(pull.createdAtMs).toISOString(),
    author: pull.author,
    source_branch: pull.source,
    destination_branch: pull.destination,
    ...(pull.closedAtMs !== null && { closed_date: new Date(pull.closedAtMs).toISOString() }),
  };
}

export function pullJson(pull: PullRecord) {
  const { description, mergedCommitId } = pull;
  return {
    ...listedPullJson(pull),
    description,
    ...(mergedCommitId !== null && { merged_commit_id: mergedCommitId }),
  };
}
