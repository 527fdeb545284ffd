// What a live page brings along: the next day it is there, as a board is.

import { keep } from "./keep.js";

/** @type {(given: {model: any}) => void} */
const initialize = ({ model }) => keep(model.widget_manager);

export default { initialize };
