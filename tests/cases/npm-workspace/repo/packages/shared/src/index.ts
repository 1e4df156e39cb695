import { z } from 'zod';
import { precision } from './generated';

const rounded = z.number().transform((value) => Number(value.toFixed(precision)));
export const Place = z.object({ latitude: rounded, longitude: rounded });
