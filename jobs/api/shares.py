"""Links to a result over the API: thin doors over shares."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from jobs.access import own_job
from jobs.models import ShareLink
from jobs.shares import active_shares, make_share, revoke_share


class NewShareSerializer(serializers.Serializer[Any]):
    days = serializers.IntegerField(min_value=1, max_value=365, default=7, help_text="It lasts.")
    may_download = serializers.BooleanField(default=False, help_text="Else it shows the viewer.")


class ShareSerializer(serializers.ModelSerializer[ShareLink]):
    class Meta:
        model = ShareLink
        fields: tuple[str, ...] = (
            "id", "may_download", "created_at", "expires_at", "last_used_at", "num_views",
        )  # fmt: skip


class MadeShareSerializer(ShareSerializer):
    url = serializers.URLField(read_only=True, help_text="Shown now and never again.")

    class Meta(ShareSerializer.Meta):
        fields = (*ShareSerializer.Meta.fields, "url")


class ShareList(APIView):
    @extend_schema(
        tags=["jobs"],
        summary="The links that show this result to others",
        responses=ShareSerializer(many=True),
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Not paged: nobody makes hundreds of them."""
        return Response(ShareSerializer(active_shares(own_job(request, pk)), many=True).data)

    @extend_schema(
        tags=["jobs"],
        summary="Make a link: whoever has it sees this result, without a login",
        request=NewShareSerializer,
        responses={HTTPStatus.CREATED: MadeShareSerializer},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        job = own_job(request, pk)
        checked = NewShareSerializer(data=request.data)
        checked.is_valid(raise_exception=True)
        values = checked.validated_data
        link, token = make_share(
            job, may_download=values["may_download"], lifetime=timedelta(days=values["days"])
        )
        address = reverse("shares:page", args=[token], request=request)
        body = dict(ShareSerializer(link).data) | {"url": address}
        return Response(body, status=HTTPStatus.CREATED, headers={"Cache-Control": "no-store"})


class ShareDetail(APIView):
    @extend_schema(tags=["jobs"], summary="Revoke a link", responses={HTTPStatus.NO_CONTENT: None})
    def delete(self, request: Request, pk: UUID, share: UUID) -> Response:
        link = own_job(request, pk).share_links.filter(pk=share).first()
        if link is None:
            raise Http404
        revoke_share(link)
        return Response(status=HTTPStatus.NO_CONTENT)
