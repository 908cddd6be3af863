import { Controller, HttpCode } from '@nestjs/common';
import { refuseWrongEvents, StatsEventsList } from './dto/stats-events.js';
import { JsonBody } from './json-body.js';
import { CONFIG, GC_CONFIG, STORAGE, VERSION } from './openapi/answer-schemas.js';
import { Serves } from './serves.js';
import { EdgeSettings } from './settings.js';

@Controller()
export class ConfigController {
  constructor(private readonly settings: EdgeSettings) {}

  @Serves('getConfig', { answers: CONFIG })
  config() {
    return {
      version_config: this.version(),
      storage_config: this.storage(),
      // Of one store it says nothing twice.
      storage_config_list: [],
      ui_config: {},
      capabilities_config: {},
    };
  }

  /** Clients print a warning for any other context. */
  @Serves('getLakeFSVersion', { answers: VERSION })
  version() {
    return { version: this.settings.version, version_context: 'lakeFS' };
  }

  @Serves('getStorageConfig', { answers: STORAGE })
  storage() {
    const { type, namespaceRule, namespaceExample, namespacePrefix, isImportEnabled } =
      this.settings.blockStore;
    return {
      blockstore_type: type,
      blockstore_id: '',
      blockstore_description: '',
      blockstore_namespace_example: namespaceExample,
      blockstore_namespace_ValidityRegex: namespaceRule,
      default_namespace_prefix: namespacePrefix,
      pre_sign_support: true,
      pre_sign_support_ui: false,
      pre_sign_multipart_upload: true,
      import_support: isImportEnabled,
      import_validity_regex: namespaceRule,
    };
  }

  @Serves('getGarbageCollectionConfig', { answers: GC_CONFIG })
  garbageCollection() {
    return { grace_period: Math.floor(this.settings.addressTokenTtlMs / 1000) };
  }

  @Serves('postStatsEvents', {})
  @HttpCode(204)
  statistics(@JsonBody(StatsEventsList) body: StatsEventsList): void {
    refuseWrongEvents(body);
  }
}
