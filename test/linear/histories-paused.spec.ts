import { describeHistoriesWith } from './histories-with.js';

describeHistoriesWith('paused');
