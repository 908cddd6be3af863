/** Every way a command or a read can be refused. The wording is contract: clients compare it. */
const messages = {
  address_expired: () => 'link address expired',
  address_foreign: (of: { store: string }) =>
    `physical address is not valid for block adapter: ${of.store}`,
  address_forged: () => 'invalid address signature: invalid address',
  address_not_relative: () => 'physical address must be relative to the storage namespace',
  address_refused: (of: { reason: string }) => `invalid address: ${of.reason}`,
  address_taken: () => 'another body was stored at this address before',
  address_unsigned: () => 'address is not signed: link address invalid',
  address_used: () => 'address was linked before: link address invalid',
  already_initialized: () => 'lakeFS already initialized',
  audit_behind: () => 'the audit is being indexed and not there yet, try again later',
  authentication_failed: () => 'error authenticating request',
  branch_busy: (of: { waitingCount: number }) =>
    `branch has ${of.waitingCount} operations waiting, try again later`,
  branch_exists: () => 'branch already exists: not unique',
  branch_not_found: () => 'branch not found',
  commit_exists: () => 'commit already exists: not unique',
  commit_id_wrong: () => 'commit id: invalid value: validation error',
  commit_ref_invalid: (of: { step: string; ref: string }) =>
    of.ref.endsWith('$')
      ? `${of.step} ${of.ref}: reference '${of.ref}': ` +
        'reference to staging area with $ is not a commit'
      : `${of.step} ${of.ref}: ref: invalid value: validation error`,
  commit_ref_not_found: (of: { step: string; ref: string }) => `${of.step} ${of.ref}: not found`,
  commit_not_found: () => 'commit not found',
  cross_origin: () => 'a request of another site cannot use this session',
  change_conflict: (of: { step: string; paths: readonly string[] }) => `${of.step}: conflict found`,
  cherry_pick_parent_missing: () =>
    'must specify 1-based parent number for cherry-picking merge commit',
  default_branch: () => 'cannot delete repository default branch',
  dirty_branch: () => 'uncommitted changes (dirty branch)',
  dump_refused: (of: { reason: string }) => of.reason,
  feeds_full: () => 'too many feeds are open here, try again later',
  import_completed: () => 'conflict found',
  import_not_found: () => 'not found',
  import_not_supported: () => 'import is not supported for this storage',
  import_source_invalid: (of: { reason: string }) => `${of.reason}: invalid import source`,
  intent_pending: (of: { intent: string }) =>
    `operation ${of.intent} was accepted and is not complete yet; ask for its outcome later`,
  invalid: (of: { field: string; reason: string }) => `${of.field}: ${of.reason}`,
  log_ref_not_found: (of: { which: 'from ref' | 'ref' | 'stop_at' }) => `${of.which}: not found`,
  key_taken: () => 'Idempotency-Key was used for another request',
  merge_conflict: (of: { step: string; paths: readonly string[] }) =>
    [`${of.step}: conflict found`, ...of.paths].join('\n  '),
  moment_in_future: (of: { ref: string }) => `${of.ref}: this moment lies in the future`,
  moment_invalid: (of: { ref: string }) =>
    `${of.ref}: in the braces stands a time (2026-11-21T18:00:00Z), p and a position of the log, ` +
    'r and a revision of the branch, or how many moves of its head ago',
  moment_not_found: (of: { ref: string; why: string }) => `${of.ref}: ${of.why}`,
  moment_too_large: (of: { ref: string; max: string }) =>
    `${of.ref}: more was not committed at this moment than this server lays out again, ` +
    `${of.max}; what was committed can be read by an @ behind it`,
  name_taken: (of: { by: 'branch name' | 'commit ID' | 'tag ID'; name: string }) =>
    `${of.by} ${of.name}: conflict found`,
  namespace_in_use: (of: { namespace: string }) =>
    `failed to create repository: found lakeFS objects in the storage (:${of.namespace}) ` +
    'key(_lakefs/dummy): storage namespace already in use',
  namespace_invalid: (of: { reason: string }) => `invalid storage namespace: ${of.reason}`,
  no_changes: (of: { step: string }) => `${of.step}: no changes`,
  no_merge_base: () => 'no merge base',
  nothing_to_undo: () => 'nothing to undo on this branch',
  not_bare: () => 'can only restore into a bare repository',
  not_implemented: () => 'Not Implemented',
  object_data_missing: () => 'No data',
  object_not_found: () => 'not found',
  path_exists: () => 'path already exists',
  part_invalid: (of: { partNumber: number }) =>
    `part ${of.partNumber} was not uploaded, or has another ETag`,
  part_size: (of: { partNumber: number; why: 'large' | 'small' }) =>
    `part ${of.partNumber} is too ${of.why}`,
  parts_order: (of: { partNumber: number }) => `part ${of.partNumber} is not in ascending order`,
  parent_out_of_range: (of: { parent: number }) =>
    `given commit does not have the given parent number: parent ${of.parent}`,
  path_too_many: (of: { max: number }) => `request size exceeded, max paths is set to ${of.max}`,
  precondition_failed: () => 'Precondition failed',
  protected_branch: () => 'protected branch',
  protected_branch_commit: () => 'cannot commit to protected branch',
  protected_branch_write: () => 'cannot write to protected branch',
  pull_not_found: () => 'pull request not found',
  pull_not_open: () => 'bad pull request status',
  range_not_satisfiable: () => 'Requested Range Not Satisfiable',
  read_only_repository: () => 'read-only repository',
  ref_invalid: (of: { ref: string }) => `invalid reference '${of.ref}': invalid ref`,
  ref_not_found: () => 'not found',
  repository_exists: () => 'error creating repository: not unique',
  repository_in_deletion: () => 'repository in deletion',
  repository_not_found: () => 'repository not found',
  rule_not_found: () => 'no branch protection rule has this pattern',
  same_branch: () => 'source and destination branches are the same: same branch validation error',
  restore_refused: (of: { reason: string }) => of.reason,
  sign_in_delayed: (of: { seconds: number }) =>
    `too many failed sign-ins, try again in ${of.seconds} seconds`,
  revert_parent_missing: () => 'must specify 1-based parent number for reverting merge commit',
  source_not_found: (of: { ref: string }) => `source reference '${of.ref}': not found`,
  store_busy: () => 'too many requests waiting, try again later',
  tag_exists: () => 'tag already exists: not unique',
  task_not_found: () => 'not found',
  tag_not_found: () => 'tag not found',
  undo_superseded: (of: { head: string; newest: string }) =>
    `branch has moved since: it stands at ${of.head}, and its newest operation is ${of.newest}`,
  upload_not_found: () => 'upload not found',
  url_expired: () => 'presigned URL has expired',
  url_invalid: () => 'presigned URL is not valid',
} as const;

export type DomainErrorCode = keyof typeof messages;
type DetailsOf<Code extends DomainErrorCode> =
  Parameters<(typeof messages)[Code]> extends [infer Details] ? Details : undefined;

/** The caller asked for something that cannot be. It says what is wrong, never which status. */
export class DomainError<Code extends DomainErrorCode = DomainErrorCode> extends Error {
  override readonly name = 'DomainError';
  readonly details: DetailsOf<Code>;

  constructor(
    readonly code: Code,
    ...[details]: DetailsOf<Code> extends undefined ? [] : [DetailsOf<Code>]
  ) {
    super((messages[code] as (of: unknown) => string)(details));
    this.details = details as DetailsOf<Code>;
  }
}
