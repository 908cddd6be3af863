export const INSTALLATION_STREAM = 'installation';
