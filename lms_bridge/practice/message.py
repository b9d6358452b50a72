"""The signed message of a launch, built with lti1p3platform's claim builders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from lti1p3platform.registration import Registration
from lti1p3platform.request import Request

from lms_bridge.practice.models import LineItem
from lms_bridge.practice.site import Site
from lms_bridge.practice.subject import Subject
from lms_bridge.practice.variables import substituted
from lms_bridge.practice.vocabulary import AGS_CLAIM, AGS_SCOPES, CLAIM, DEEP_LINKING, DL, NRPS_CLAIM, ROSTER_SCOPE


@dataclass(frozen=True, slots=True)
class LaunchForm:
    """A form that the browser posts to the tool by itself."""

    action_url: str
    fields: dict[str, str]


class PracticeConf(LTI1P3PlatformConfAbstract):
    """What lti1p3platform knows of one tool. Made anew for each request: the library keeps state on it."""

    def init_platform_config(self, **kwargs: Any) -> None:
        self._site: Site = kwargs["site"]
        self._subject: Subject = kwargs["subject"]
        self.get_registration()

    def get_registration_by_params(self, **kwargs: Any) -> Registration:
        tool, launch_url = self._subject.tool, target_link_uri(self._subject)
        registration = self._site.registration().set_client_id(tool.client_id)
        registration.set_deployment_id(self._subject.deployment.deployment_id).set_launch_url(launch_url)
        # Without it the library would send a resource link launch in place of a Deep Linking request.
        registration.set_deeplink_launch_url(launch_url)
        return registration.set_oidc_login_url(tool.initiate_login_uri).set_tool_key_set_url(tool.jwks_uri)


def target_link_uri(subject: Subject) -> str:
    """Return where a launch is to arrive."""
    if subject.message == DEEP_LINKING:
        return subject.tool.deep_linking_uri or subject.tool.target_link_uri
    return (subject.activity.url if subject.activity else None) or subject.tool.target_link_uri


class CheckedAuthorization(Request):
    """The parameters of an authorization request that was checked before, as lti1p3platform reads them."""

    def build_metadata(self, request: dict[str, str]) -> Any:
        return {"method": "GET", "get_data": request, "form_data": request, "headers": {}, "path": "", "json": None}


class PracticeLaunch(LTIAdvantageMessageLaunchAbstract):
    """Answers a checked authorization request with a signed message."""

    def __init__(self, authorization: dict[str, str], *, site: Site, subject: Subject) -> None:
        super().__init__(CheckedAuthorization(authorization), PracticeConf(site=site, subject=subject))
        self.site = site
        self.subject = subject
        self.urls = service_urls(site, subject)
        self.set_id_token_expiration(site.profile.id_token_seconds)

    def validate_preflight_response(self, preflight_response: dict[str, Any]) -> None:
        # The library would accept any redirect_uri: it was compared with the registered ones before we came here.
        self._redirect_url = preflight_response["redirect_uri"]

    def prepare_launch(self, preflight_response: dict[str, Any]) -> None:
        subject, profile = self.subject, self.site.profile
        self._set_person()
        self.set_launch_context_claim(
            str(subject.course.id), [profile.context_type], subject.course.title, subject.course.label
        )
        if subject.activity is not None:
            self.set_resource_link_claim(str(subject.activity.id), subject.activity.text, subject.activity.title)
        self._set_presentation()
        self._set_services()
        custom = profile.merge_custom(subject.tool.custom, subject.custom)
        self.set_custom_parameters_claim(
            {**substituted(custom, subject, self.urls), **profile.service_custom(self.urls)}
        )
        self.set_extra_claims({f"{CLAIM}tool_platform": profile.tool_platform(self.site.guid)})
        self.set_extra_claims(profile.extra_claims(subject, self.urls, self.site.guid))
        if subject.message == DEEP_LINKING:
            self._set_deep_linking()

    def _set_person(self) -> None:
        subject, profile = self.subject, self.site.profile
        user, claims = subject.user, subject.tool.claims
        admin = user.is_admin and not subject.switched_role
        names = "name" in claims or "given_name" in claims
        self.set_user_data(
            str(user.id),
            profile.roles(subject.role, is_admin=admin),
            full_name=user.name if names else None,
            email_address=user.email if "email" in claims else None,
        )
        parts = {"given_name": user.given_name, "family_name": user.family_name} if names else {}
        self.set_extra_claims({name: value for name, value in parts.items() if value})
        if lis := profile.lis(user, subject.course.idnumber):
            self.set_extra_claims({f"{CLAIM}lis": lis})

    def _set_presentation(self) -> None:
        subject = self.subject
        return_url = self.site.url("course.returned", course_id=subject.course.id)
        self.set_launch_presentation_claim(subject.target, return_url)
        name = f"{CLAIM}launch_presentation"
        built: dict[str, Any] = self.lti_claim_launch_presentation or {}  # type: ignore[has-type]
        given = {**built[name], "locale": subject.locale}
        self.lti_claim_launch_presentation = {name: self.site.profile.presentation(given, subject)}

    def _set_services(self) -> None:
        scopes, profile = self.subject.tool.scopes, self.site.profile
        granted = [scope for scope in scopes if scope in AGS_SCOPES]
        if granted:
            self.set_ags(self.urls["line_items"], self.urls.get("line_item"))
            self.extra_claims[AGS_CLAIM]["scope"] = granted
        if "memberships" in self.urls:
            self.set_nrps(self.urls["memberships"])
            self.extra_claims[NRPS_CLAIM]["service_versions"] = list(profile.service_versions)

    def _set_deep_linking(self) -> None:
        sealed = self.site.seal(self.subject.launch_id)
        return_url = self.site.url("deep_linking.returned", sealed=sealed)
        self.set_dl(return_url, accept_types={"ltiResourceLink"})
        self._deep_linking_launch_data = {
            f"{DL}deep_linking_settings": self.site.profile.deep_linking_settings(
                title=self.subject.tool.name, return_url=return_url, data=sealed
            )
        }

    def get_launch_message(self, include_extra_claims: bool = True) -> dict[str, Any]:
        return self.site.profile.shape(super().get_launch_message(include_extra_claims))

    def render_launch_form(self, launch_data: dict[str, Any], **kwargs: Any) -> LaunchForm:
        # The page is drawn by our own template, which escapes; the library's does not.
        return LaunchForm(launch_data.pop("launch_url"), launch_data)


def service_urls(site: Site, subject: Subject) -> dict[str, str]:
    """Return the service addresses that a launch may name: ``line_items``, ``line_item``, ``memberships``."""
    course_id, tool = subject.course.id, subject.tool
    query = site.profile.service_query(tool.id)
    urls = {
        "line_items": site.url("grades.line_items", course_id=course_id) + query,
        "outcomes": f"{site.base_url}/service.php",
    }
    if subject.line_item is not None:
        urls["line_item"] = line_item_url(site, subject.line_item)
    if ROSTER_SCOPE in tool.scopes and (subject.tool_in_course or not site.profile.roster_needs_activity):
        urls["memberships"] = site.url("roster.memberships", course_id=course_id, tool_id=tool.id)
    return urls


def line_item_url(site: Site, item: LineItem) -> str:
    """Return the address of a column, as its tool sees it."""
    path = site.url("grades.line_item", course_id=item.course_id, line_item_id=item.id)
    return path + site.profile.service_query(item.tool_id)
