import { describeHistoriesWith } from './histories-with.js';

describeHistoriesWith('answers lost');
