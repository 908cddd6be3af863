/** An operation of lakeFS's REST API 1.84 or of our own, and whether this server answers it. */
export interface Operation {
  readonly operationId: string;
  readonly method: Method;
  /** Below {@link API_PREFIX}; parameters in braces. */
  readonly path: string;
  /** `later`: answers 501 `Not Implemented`, after authentication. This list only shrinks. */
  readonly status: 'served' | 'later';
}

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export const API_PREFIX = '/api/v1';

const operation =
  (status: Operation['status']) =>
  (operationId: string, method: Method, path: string): Operation => ({
    operationId,
    method,
    path,
    status,
  });
const served = operation('served');
const later = operation('later');

const repository = '/repositories/{repository}';
const branch = `${repository}/branches/{branch}`;
const ref = `${repository}/refs/{ref}`;
const user = '/auth/users/{userId}';
const group = '/auth/groups/{groupId}';

/** The 134 of lakeFS. */
export const OPERATIONS: readonly Operation[] = [
  served('setupCommPrefs', 'POST', '/setup_comm_prefs'),
  served('getSetupState', 'GET', '/setup_lakefs'),
  served('setup', 'POST', '/setup_lakefs'),
  served('getCurrentUser', 'GET', '/user'),
  served('login', 'POST', '/auth/login'),
  later('externalPrincipalLogin', 'POST', '/auth/external/principal/login'),
  later('stsLogin', 'POST', '/sts/login'),
  served('getAuthCapabilities', 'GET', '/auth/capabilities'),
  later('listUsers', 'GET', '/auth/users'),
  later('createUser', 'POST', '/auth/users'),
  later('getUser', 'GET', user),
  later('deleteUser', 'DELETE', user),
  later('listGroups', 'GET', '/auth/groups'),
  later('createGroup', 'POST', '/auth/groups'),
  later('getGroup', 'GET', group),
  later('deleteGroup', 'DELETE', group),
  later('listPolicies', 'GET', '/auth/policies'),
  later('createPolicy', 'POST', '/auth/policies'),
  later('getPolicy', 'GET', '/auth/policies/{policyId}'),
  later('updatePolicy', 'PUT', '/auth/policies/{policyId}'),
  later('deletePolicy', 'DELETE', '/auth/policies/{policyId}'),
  later('listGroupMembers', 'GET', `${group}/members`),
  later('addGroupMembership', 'PUT', `${group}/members/{userId}`),
  later('deleteGroupMembership', 'DELETE', `${group}/members/{userId}`),
  later('listUserCredentials', 'GET', `${user}/credentials`),
  later('createCredentials', 'POST', `${user}/credentials`),
  later('getCredentials', 'GET', `${user}/credentials/{accessKeyId}`),
  later('deleteCredentials', 'DELETE', `${user}/credentials/{accessKeyId}`),
  later('listUserGroups', 'GET', `${user}/groups`),
  later('listUserPolicies', 'GET', `${user}/policies`),
  later('attachPolicyToUser', 'PUT', `${user}/policies/{policyId}`),
  later('detachPolicyFromUser', 'DELETE', `${user}/policies/{policyId}`),
  later('createUserExternalPrincipal', 'POST', `${user}/external/principals`),
  later('deleteUserExternalPrincipal', 'DELETE', `${user}/external/principals`),
  later('listUserExternalPrincipals', 'GET', `${user}/external/principals/ls`),
  later('getExternalPrincipal', 'GET', '/auth/external/principals'),
  later('listGroupPolicies', 'GET', `${group}/policies`),
  later('attachPolicyToGroup', 'PUT', `${group}/policies/{policyId}`),
  later('detachPolicyFromGroup', 'DELETE', `${group}/policies/{policyId}`),
  later('getGroupACL', 'GET', `${group}/acl`),
  later('setGroupACL', 'POST', `${group}/acl`),
  served('listRepositories', 'GET', '/repositories'),
  served('createRepository', 'POST', '/repositories'),
  served('getRepository', 'GET', repository),
  served('deleteRepository', 'DELETE', repository),
  served('getRepositoryMetadata', 'GET', `${repository}/metadata`),
  served('setRepositoryMetadata', 'POST', `${repository}/metadata`),
  served('deleteRepositoryMetadata', 'DELETE', `${repository}/metadata`),
  later('getGCRules', 'GET', `${repository}/settings/gc_rules`),
  later('setGCRules', 'PUT', `${repository}/settings/gc_rules`),
  later('deleteGCRules', 'DELETE', `${repository}/settings/gc_rules`),
  served('getBranchProtectionRules', 'GET', `${repository}/settings/branch_protection`),
  served('setBranchProtectionRules', 'PUT', `${repository}/settings/branch_protection`),
  served('dumpRefs', 'PUT', `${repository}/refs/dump`),
  served('restoreRefs', 'PUT', `${repository}/refs/restore`),
  served('dumpStatus', 'GET', `${repository}/dump`),
  served('dumpSubmit', 'POST', `${repository}/dump`),
  served('restoreStatus', 'GET', `${repository}/restore`),
  served('restoreSubmit', 'POST', `${repository}/restore`),
  served('listTags', 'GET', `${repository}/tags`),
  served('createTag', 'POST', `${repository}/tags`),
  served('getTag', 'GET', `${repository}/tags/{tag}`),
  served('deleteTag', 'DELETE', `${repository}/tags/{tag}`),
  served('listBranches', 'GET', `${repository}/branches`),
  served('createBranch', 'POST', `${repository}/branches`),
  served('logCommits', 'GET', `${ref}/commits`),
  served('commit', 'POST', `${branch}/commits`),
  served('CreateCommitRecord', 'POST', `${repository}/commits`),
  served('getBranch', 'GET', branch),
  served('resetBranch', 'PUT', branch),
  served('deleteBranch', 'DELETE', branch),
  served('hardResetBranch', 'PUT', `${branch}/hard_reset`),
  served('revertBranch', 'POST', `${branch}/revert`),
  served('cherryPick', 'POST', `${branch}/cherry-pick`),
  served('findMergeBase', 'GET', `${repository}/refs/{sourceRef}/merge/{destinationBranch}`),
  served('mergeIntoBranch', 'POST', `${repository}/refs/{sourceRef}/merge/{destinationBranch}`),
  served('diffBranch', 'GET', `${branch}/diff`),
  served('diffRefs', 'GET', `${repository}/refs/{leftRef}/diff/{rightRef}`),
  served('getCommit', 'GET', `${repository}/commits/{commitId}`),
  served('getObject', 'GET', `${ref}/objects`),
  served('headObject', 'HEAD', `${ref}/objects`),
  served('createPresignMultipartUpload', 'POST', `${branch}/staging/pmpu`),
  served('completePresignMultipartUpload', 'PUT', `${branch}/staging/pmpu/{uploadId}`),
  served('abortPresignMultipartUpload', 'DELETE', `${branch}/staging/pmpu/{uploadId}`),
  served('uploadPart', 'PUT', `${branch}/staging/pmpu/{uploadId}/parts/{partNumber}`),
  served('uploadPartCopy', 'PUT', `${branch}/staging/pmpu/{uploadId}/parts/{partNumber}/copy`),
  served('getPhysicalAddress', 'GET', `${branch}/staging/backing`),
  served('linkPhysicalAddress', 'PUT', `${branch}/staging/backing`),
  served('importStatus', 'GET', `${branch}/import`),
  served('importStart', 'POST', `${branch}/import`),
  served('importCancel', 'DELETE', `${branch}/import`),
  served('uploadObjectPreflight', 'GET', `${branch}/objects/stage_allowed`),
  served('stageObject', 'PUT', `${branch}/objects`),
  served('uploadObject', 'POST', `${branch}/objects`),
  served('deleteObject', 'DELETE', `${branch}/objects`),
  served('deleteObjects', 'POST', `${branch}/objects/delete`),
  served('copyObject', 'POST', `${branch}/objects/copy`),
  served('statObject', 'GET', `${ref}/objects/stat`),
  served('updateObjectUserMetadata', 'PUT', `${branch}/objects/stat/user_metadata`),
  served('getUnderlyingProperties', 'GET', `${ref}/objects/underlyingProperties`),
  served('listObjects', 'GET', `${ref}/objects/ls`),
  served('createSymlinkFile', 'POST', `${repository}/refs/{branch}/symlink`),
  later('listRepositoryRuns', 'GET', `${repository}/actions/runs`),
  later('getRun', 'GET', `${repository}/actions/runs/{run_id}`),
  later('listRunHooks', 'GET', `${repository}/actions/runs/{run_id}/hooks`),
  later(
    'getRunHookOutput',
    'GET',
    `${repository}/actions/runs/{run_id}/hooks/{hook_run_id}/output`,
  ),
  served('getMetadataObject', 'GET', `${repository}/metadata/object/{type}/{object_id}`),
  served('getMetaRange', 'GET', `${repository}/metadata/meta_range/{meta_range}`),
  served('getRange', 'GET', `${repository}/metadata/range/{range}`),
  later('setGarbageCollectionRulesPreflight', 'GET', `${repository}/gc/rules/set_allowed`),
  later('internalGetGarbageCollectionRules', 'GET', `${repository}/gc/rules`),
  later('internalSetGarbageCollectionRules', 'POST', `${repository}/gc/rules`),
  later('internalDeleteGarbageCollectionRules', 'DELETE', `${repository}/gc/rules`),
  later('prepareGarbageCollectionCommits', 'POST', `${repository}/gc/prepare_commits`),
  later('prepareGarbageCollectionCommitsAsync', 'POST', `${repository}/gc/prepare_commits/async`),
  later('prepareGarbageCollectionCommitsStatus', 'GET', `${repository}/gc/prepare_commits/status`),
  later('prepareGarbageCollectionUncommitted', 'POST', `${repository}/gc/prepare_uncommited`),
  served(
    'createBranchProtectionRulePreflight',
    'GET',
    `${repository}/branch_protection/set_allowed`,
  ),
  served('internalGetBranchProtectionRules', 'GET', `${repository}/branch_protection`),
  served('internalCreateBranchProtectionRule', 'POST', `${repository}/branch_protection`),
  served('internalDeleteBranchProtectionRule', 'DELETE', `${repository}/branch_protection`),
  served('listPullRequests', 'GET', `${repository}/pulls`),
  served('createPullRequest', 'POST', `${repository}/pulls`),
  served('getPullRequest', 'GET', `${repository}/pulls/{pull_request}`),
  served('updatePullRequest', 'PATCH', `${repository}/pulls/{pull_request}`),
  served('mergePullRequest', 'PUT', `${repository}/pulls/{pull_request}/merge`),
  served('healthCheck', 'GET', '/healthcheck'),
  served('getConfig', 'GET', '/config'),
  served('getLakeFSVersion', 'GET', '/config/version'),
  served('getStorageConfig', 'GET', '/config/storage'),
  served('getGarbageCollectionConfig', 'GET', '/config/garbage-collection'),
  served('postStatsEvents', 'POST', '/statistics'),
  later('getUsageReportSummary', 'GET', '/usage-report/summary'),
  later('oauthCallback', 'GET', '/oidc/callback'),
];

/** What this server has and lakeFS has not; all below `/moraine`, so that no client meets it. */
export const OWN_OPERATIONS: readonly Operation[] = [
  served('streamEvents', 'GET', '/moraine/events'),
  served('undoOnBranch', 'POST', `/moraine${branch}/undo`),
  served('restoreBranch', 'POST', `/moraine${branch}/restore`),
  served('restoreTag', 'POST', `/moraine${repository}/tags/{tag}/restore`),
  served('readAudit', 'GET', '/moraine/audit'),
  served('listReflog', 'GET', `/moraine${branch}/reflog`),
];

/** Whatever a request may be for. */
export const ALL_OPERATIONS: readonly Operation[] = [...OPERATIONS, ...OWN_OPERATIONS];

/** Answered to anybody; all others need a caller. */
export const PUBLIC_OPERATIONS: ReadonlySet<string> = new Set([
  'externalPrincipalLogin',
  'getAuthCapabilities',
  'getSetupState',
  'healthCheck',
  'login',
  'oauthCallback',
  'setup',
  'setupCommPrefs',
  'stsLogin',
]);

/** Routes beside the operations, all of them open to anybody. */
export const PUBLIC_PAGES: ReadonlySet<string> = new Set([
  'GET /_health',
  'GET /docs',
  'GET /docs/page.css',
  'GET /docs/page.js',
  'GET /logout',
  'GET /openapi.json',
  'GET /readyz',
]);

/** Answered without credentials too, and then to nobody; wrong credentials are refused. */
export const OPTIONAL_CALLER_OPERATIONS: ReadonlySet<string> = new Set(['getCurrentUser']);

/** Returns an operation's path as the router writes it: `/api/v1/repositories/:repository`. */
export function routeOf({ path }: Pick<Operation, 'path'>): string {
  return API_PREFIX + path.replaceAll(/\{(\w+)\}/g, ':$1');
}
