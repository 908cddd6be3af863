export interface InstallationState {
  readonly isSetUp: boolean;
}
