import { Body, Controller, Post, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { AuthGuard, type AuthedRequest } from '../auth/auth.guard';
import { CreateUploadDto } from './create-upload.dto';
import { UploadsService } from './uploads.service';

@Controller('uploads')
@ApiBearerAuth()
@UseGuards(AuthGuard)
export class UploadsController {
  constructor(private readonly uploads: UploadsService) {}

  @Post()
  create(@Req() request: AuthedRequest, @Body() body: CreateUploadDto) {
    return this.uploads.presign(request.userId, body);
  }
}
