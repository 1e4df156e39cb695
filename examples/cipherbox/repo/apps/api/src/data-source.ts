import 'reflect-metadata';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { StoredFile } from './files/stored-file.entity';
import { CreateFiles1789200000000 } from './migrations/1789200000000-create-files';
import { AddSeals1790400000000 } from './migrations/1790400000000-add-seals';

export const dataSourceOptions: DataSourceOptions = {
  type: 'postgres',
  host: process.env.DB_HOST || 'localhost',
  port: Number(process.env.DB_PORT || 5432),
  username: process.env.DB_USERNAME,
  password: process.env.DB_PASSWORD,
  database: process.env.DB_DATABASE,
  entities: [StoredFile],
  migrations: [CreateFiles1789200000000, AddSeals1790400000000],
};

// For TypeORM's command line, which runs the migrations.
export default new DataSource(dataSourceOptions);
