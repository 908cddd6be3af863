import { describeHistoriesWith } from './histories-with.js';

describeHistoriesWith('store away');
