import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('users', (table) => {
    table.uuid('id').primary().defaultTo(knex.fn.uuid());
    table.text('name').notNullable().unique();
    table.text('password_hash').notNullable();
  });
  await knex.schema.createTable('locations', (table) => {
    table.bigIncrements('id');
    table.uuid('user_id').notNullable().references('users.id').onDelete('CASCADE');
    table.double('latitude').notNullable();
    table.double('longitude').notNullable();
    table.timestamp('recorded_at').notNullable().defaultTo(knex.fn.now());
    table.index(['user_id', 'recorded_at']);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('locations');
  await knex.schema.dropTable('users');
}
