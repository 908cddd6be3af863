import { PAGE_ITEMS_MAX } from '../../shared/page.js';
import {
  BYTES,
  described,
  FLAG,
  listOf,
  METADATA,
  nullable,
  oneOf,
  type Schema,
  SECONDS,
  shape,
  TEXT,
  whole,
} from './schema.js';

/** What answers hold; titles as the contract has them. `wire.ts` makes what these describe. */
export const ERROR = shape('Error', {
  message: described(TEXT, 'What is wrong, for people; a fault of the request names the field'),
});

const PAGINATION = shape('Pagination', {
  has_more: FLAG,
  next_offset: described(TEXT, 'To be handed back as `after`; empty when there is no more'),
  results: whole(0, PAGE_ITEMS_MAX),
  max_per_page: whole(0),
});

/** A page of these: `RefList` of `Ref`. */
export function pageOf(items: Schema, title = `${items.title ?? ''}List`): Schema {
  return shape(title, { pagination: PAGINATION, results: listOf(items) });
}

export const REPOSITORY = shape('Repository', {
  id: TEXT,
  creation_date: SECONDS,
  default_branch: TEXT,
  storage_namespace: TEXT,
  'storage_id?': TEXT,
  'read_only?': FLAG,
});

export const REF = shape('Ref', { id: TEXT, commit_id: TEXT });

export const COMMIT = shape('Commit', {
  id: TEXT,
  parents: listOf(TEXT),
  committer: TEXT,
  message: TEXT,
  creation_date: SECONDS,
  meta_range_id: TEXT,
  'metadata?': METADATA,
  'generation?': whole(0),
  'version?': whole(0, 1),
});

export const MERGE_RESULT = shape('MergeResult', {
  reference: described(TEXT, "The new commit's id"),
});

export const MERGE_BASE = shape('FindMergeBaseResult', {
  source_commit_id: TEXT,
  destination_commit_id: TEXT,
  base_commit_id: TEXT,
});

export const OBJECT_STATS = shape('ObjectStats', {
  path: TEXT,
  path_type: oneOf('object', 'common_prefix'),
  physical_address: TEXT,
  'physical_address_expiry?': SECONDS,
  checksum: TEXT,
  'size_bytes?': BYTES,
  mtime: SECONDS,
  'metadata?': METADATA,
  'content_type?': TEXT,
});

export const SESSION = shape('AuthenticationToken', { token: TEXT, 'token_expiration?': SECONDS });

export const STAGING_LOCATION = shape('StagingLocation', {
  'physical_address?': TEXT,
  'presigned_url?': nullable(TEXT),
  'presigned_url_expiry?': SECONDS,
});

export const PRESIGNED_MULTIPART = shape('PresignMultipartUpload', {
  upload_id: TEXT,
  physical_address: TEXT,
  'presigned_urls?': listOf(TEXT),
});

export const TABLE_LOCATION = shape('StorageURI', { location: TEXT });

export const UPLOAD_TO = shape('UploadTo', { presigned_url: TEXT });

export const DIFF = shape('Diff', {
  type: oneOf('added', 'removed', 'changed', 'conflict', 'prefix_changed'),
  path: TEXT,
  path_type: oneOf('object', 'common_prefix'),
  'size_bytes?': BYTES,
  'right?': shape('DiffObjectStat', {
    checksum: TEXT,
    mtime: SECONDS,
    'content_type?': TEXT,
    'metadata?': METADATA,
  }),
});

export const UNDERLYING_PROPERTIES = shape('UnderlyingObjectProperties', {
  'storage_class?': nullable(TEXT),
});

export const OBJECT_ERRORS = shape('ObjectErrorList', {
  errors: listOf(
    shape('ObjectError', { 'path?': TEXT, status_code: whole(400, 599), message: TEXT }),
  ),
});

export const CURRENT_USER = shape('CurrentUser', {
  user: shape('User', {
    id: TEXT,
    creation_date: SECONDS,
    'friendly_name?': TEXT,
    'email?': TEXT,
  }),
});

export const KEY_PAIR = shape('CredentialsWithSecret', {
  access_key_id: TEXT,
  secret_access_key: TEXT,
  creation_date: SECONDS,
});

export const SETUP_STATE = shape('SetupState', {
  state: oneOf('initialized', 'not_initialized'),
  comm_prefs_missing: FLAG,
  login_config: shape('LoginConfig', {
    RBAC: oneOf('none', 'simplified', 'external', 'internal'),
    login_url: TEXT,
    login_url_method: oneOf('none', 'redirect', 'select'),
    login_failed_message: TEXT,
    login_cookie_names: listOf(TEXT),
    logout_url: TEXT,
  }),
});

export const AUTH_CAPABILITIES = shape('AuthCapabilities', { invite_user: FLAG });

export const VERSION = shape('VersionConfig', { version: TEXT, version_context: TEXT });

export const STORAGE = shape('StorageConfig', {
  blockstore_type: TEXT,
  blockstore_id: TEXT,
  blockstore_description: TEXT,
  blockstore_namespace_example: TEXT,
  blockstore_namespace_ValidityRegex: TEXT,
  default_namespace_prefix: TEXT,
  pre_sign_support: FLAG,
  pre_sign_support_ui: FLAG,
  pre_sign_multipart_upload: FLAG,
  import_support: FLAG,
  import_validity_regex: TEXT,
});

export const CONFIG = shape('Config', {
  version_config: VERSION,
  storage_config: STORAGE,
  storage_config_list: listOf(STORAGE),
  ui_config: { type: 'object' },
  capabilities_config: { type: 'object' },
});

export const GC_CONFIG = shape('GarbageCollectionConfig', { grace_period: whole(0) });
