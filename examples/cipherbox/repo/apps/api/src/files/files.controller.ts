import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Param,
  ParseUUIDPipe,
  Post,
  UseGuards,
} from '@nestjs/common';
import { Drive, DriveGuard } from '../drives/drive.guard';
import { CreateFileDto } from './create-file.dto';
import { FilesService } from './files.service';

@Controller('files')
@UseGuards(DriveGuard)
export class FilesController {
  constructor(private readonly files: FilesService) {}

  @Post()
  create(@Drive() drive: string, @Body() body: CreateFileDto) {
    return this.files.create(drive, body);
  }

  @Get()
  @Header('Content-Type', 'application/json')
  list(@Drive() drive: string) {
    return this.files.list(drive);
  }

  @Get(':id')
  read(@Drive() drive: string, @Param('id', ParseUUIDPipe) id: string) {
    return this.files.read(drive, id);
  }

  @Post(':id/seal')
  @HttpCode(200)
  seal(@Drive() drive: string, @Param('id', ParseUUIDPipe) id: string) {
    return this.files.seal(drive, id);
  }
}
