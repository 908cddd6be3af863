import type { NamedAuditRecord } from '../queries/audit/audit-answers.js';
import { described, listOf, shape, TEXT, whole } from './openapi/schema.js';

export const AUDIT_RECORD = shape('AuditRecord', {
  time: { type: 'string', format: 'date-time' },
  caller: described(TEXT, 'Who asked for it; `moraine` of what this program does by itself'),
  operation: TEXT,
  'failure?': described(TEXT, 'Why nothing came of it; left out: it was done'),
  'repository?': described(TEXT, 'Its name, of one that was deleted since too'),
  'repository_uid?': described(TEXT, 'Another one each time that a name is used again'),
  'branch?': TEXT,
  'tag?': TEXT,
  'path?': described(TEXT, 'The object that it is about'),
  'paths?': described(listOf(TEXT), 'In place of `path`, of several objects'),
  'prefixes?': described(listOf(TEXT), 'It is about all objects whose paths begin so'),
  'source?': described(TEXT, 'What it was made of: a path, a commit, a branch, an operation'),
  'commit_id?': TEXT,
  'former_commit_id?': described(TEXT, 'Where the branch or the tag stood before'),
  'pull_request?': TEXT,
  type: described(TEXT, "The event's type"),
  request_id: TEXT,
  command_id: described(TEXT, 'The same on all events of one command'),
  position: described(whole(0), "The event's place in the log"),
});

export function auditJson(record: NamedAuditRecord) {
  const { failure, repository, repositoryName, branch, tag, paths = [] } = record;
  const { prefixes, source, commitId, formerCommitId, pull } = record;
  return {
    time: new Date(record.atMs).toISOString(),
    caller: record.caller,
    operation: record.operation,
    ...(failure !== undefined && { failure }),
    ...(repositoryName !== undefined && { repository: repositoryName }),
    ...(repository && { repository_uid: repository.uid }),
    ...(branch !== undefined && { branch }),
    ...(tag !== undefined && { tag }),
    ...(paths.length === 1 && { path: paths[0] }),
    ...(paths.length > 1 && { paths }),
    ...(prefixes && { prefixes }),
    ...(source !== undefined && { source }),
    ...(commitId !== undefined && { commit_id: commitId }),
    ...(formerCommitId !== undefined && { former_commit_id: formerCommitId }),
    ...(pull !== undefined && { pull_request: pull }),
    type: record.type,
    request_id: record.requestId,
    command_id: record.commandId,
    position: record.position,
  };
}
