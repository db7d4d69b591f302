# Generated from the package trigger_provider of cfn-trigger, which has the comments
import base64,difflib,hashlib,hmac,http.client,io,json,os,re,select,socket,ssl,sys,time,traceback,zlib
from calendar import timegm
from contextlib import suppress
from html import unescape
from itertools import chain,islice,repeat
from typing import NamedTuple
from urllib.parse import quote,unquote,urlencode,urlsplit
AA,AB,AC,AD,AE,AF,AG,AH,AI,AJ,AK,AL,AM,AN,AO,AP,AQ,AR,AS,AT,AU,AV,AW,AX,AY,AZ,BA,BB,BC,BD,BE,BF,BG,BH,BI,BJ,BK,BL,BM,BN,BO,BP,BQ,BR,BS,BT,BU,BV,BW,BX,BY,BZ,CA,CB,CC,CD,CE,CF,CG,CH,CI,CJ,CK,CL,CM,CN,CO,CP,CQ,CR,CS,CT='PhysicalResourceId','LogicalResourceId','Result','X-Amz-Invocation-Type','Delete','Progress','hand over','Reason','StackId','done','refused','RequestResponse','failed','EventState','ResourceProperties','Error','Truncated','replace','respond','RequestType','answered','ExecuteOnHandlerChange','Status','lambda','OldResourceProperties','pending','skipped','RequestId','stack status unknown','ERROR','ErrorMessage','POST','ROLLBACK','invocations','LastUpdateStatus','Payload','RetryAfter','BadResult','ErrorType','timed out','Create','DescribeStacks','FAILED','NoEcho','ResourceStatus','cloudformation','Previous','WARN','sent','Content-Type','TCP_KEEPIDLE','errorMessage','cut off','outcome','ExecutionId','ResponseURL','Data','Expect','Undo','Update','passed','Attribute','OnFailure','errorType','State','Continue','SUCCESS','Timeout','hops','none','trigger','wait'
T=object
sys.set_int_max_str_digits(99_999)
JSON=json.JSONEncoder(ensure_ascii=False)
STRICT=json.JSONEncoder(ensure_ascii=False,allow_nan=False)
as_json=JSON.encode
def as_map(i):return i if isinstance(i,dict)else{}
def map_of(t):
 with suppress(ValueError,RecursionError):return as_map(json.loads(t))
 return{}
def as_text(i):return i if isinstance(i,str)else as_json(i)
def encoded(i):
 try:t=STRICT.encode(i)
 except ValueError:t=as_json(json.loads(as_json(i),parse_constant=str))
 return t.encode(errors=AR)
def size(i):return len(encoded(i))
def beginning(i,m):
 if isinstance(i,str):return i
 t=''
 with suppress(RecursionError):
  for c in JSON.iterencode(i):
   t+=c
   if len(t)>m:return t
  return t
 return t.ljust(m+1)
def fitting(i,o):t=beginning(i,o);return t if len(t)<=o and size(t)-2<=o else None
def truncate(t,o):
 if fitting(t,o)is not None:return t
 o-=3
 if o<0:return''
 t=t[:o]
 while(e:=size(t)-2-o)>0:t=t[:-1-(e-1)//6]
 return t+'…'
def truncate_start(t,o):return truncate(t[::-1],o)[::-1]
ABSENT=type('Absent',(),{})()
class Request(NamedTuple):
 event:T;kind:T;name:T;old_id:T;payload:T=ABSENT;old_payload:T=ABSENT;expect:T=ABSENT;unchanged:T=False;handler_arn:T='';part_of:T=''
 timeout:T=900;service_timeout:T=3600;invocation_type:T=AL;execute_on_handler_change:T=True;execute_on_rollback:T=False
 execute_on_delete:T=False;enabled:T=True;max_attempts:T=1;interval:T=5;backoff_rate:T=2;max_interval:T=60;poll_interval:T=10
 on_failure:T='Fail';no_echo:T=False;attributes:T=();durable:T=False;undone_by:T='';run:T=None
class Outcome(NamedTuple):
 kind:T;error:T='';message:T='';frames:T=();log:T='';result:T=ABSENT;is_unexpected:T=False;physical_id:T='';no_echo:T=False;is_final:T=False
 is_crowded:T=False;runs_until:T=0;execution:T=''
def failed(error,message,**more):return Outcome(AM,error,message,**more)
class Progress(NamedTuple):
 began:T;sent:T=0;rolling_back:T=None;has_failed:T=None;status:T='';questions:T=0;ask_at:T=0;is_reached:T=False;ready:T=False;log_group:T=''
 function_timeout:T=0;failures:T=0;refusals:T=0;refused_since:T=0;resume_at:T=0;longest:T=0;polls:T=0;state:T=None;cancelled:T=''
 outcome:T=Outcome(CR);hops:T=0;fresh:T=True;physical_id:T='';no_echo:T=False;identity:T={};is_durable:T=False
def bare_request(v):
 p=v.get(AO,{});k,n=v[AT],v[AB];e,f=str(p.get(BR)),p.get(CK,'Fail')
 o=v.get(AA,'');r=Request(v,k,n,o,no_echo=is_true(e),on_failure=f)
 with suppress(ValueError,KeyError):r=r._replace(service_timeout=float(p['ServiceTimeout']))
 return r
def parse_request(v):
 p,o=v[AO],v.get(AY,{})
 if CG in p and o:p,o=o,p
 r=bare_request(v)._replace(**settings_of(p),payload=assembled(p.get(BJ)),expect=assembled(p.get(CF)),run=run_of(v,p,o)if CG in p else None)
 with suppress(Exception):r=r._replace(old_payload=assembled(o.get(BJ)))
 return r._replace(unchanged=is_unchanged(r,p,o))
def run_of(v,p,o):
 u=assembled(p[CG]);i=u['RunId']not in str(o.get(CG))
 if u.get(AC):u[AC]=json.loads(u[AC])
 return u if i and v[AT]!=BO else{}
def execution_id(v,p):
 a=v[BB],v[AI],v[AB],url_date(v);i=hashlib.sha256('\n'.join(a).encode()).hexdigest()
 return str(p.identity.get(CC,i[:32]))
def is_true(t):return t=='true'
SETTINGS={str:'HandlerArn InvocationType OnFailure PartOf UndoneBy',float:'Timeout PollInterval MaxAttempts Interval BackoffRate MaxInterval',is_true:'ExecuteOnHandlerChange ExecuteOnRollback ExecuteOnDelete Enabled NoEcho Durable',tuple:'Attributes'}
def settings_of(p):
 f=p|p.get('Retry',{})
 return{re.sub('(?<!^)(?=[A-Z])','_',n).lower():e(f[n])for e,s in SETTINGS.items()for n in s.split()if f.get(n)is not None}
def is_unchanged(r,p,o):
 if r.attributes or never_created(r):return False
 if CN in{r.on_failure,o.get(CK)}:return False
 if r.execute_on_handler_change and p==o:return False
 w=o.get('Enabled')!='false';a=RERUNS if r.execute_on_handler_change else RERUNS[1:];i=all(p.get(c)==o.get(c)for c in a)
 return w and i and not has_cause(p,o)
RERUNS=('HandlerArn',BJ,'InvocationType',CF,BU)
SWITCHED_OFF=re.compile(r'Deployment$|Re(sources|ferences)\.')
def has_cause(p,o):
 e,l=entries_of(p),entries_of(o)
 if any(l.get(n)!=e[n]for n in e):return True
 if p.get(AV)!=o.get(AV):return False
 return any(not SWITCHED_OFF.match(n)for n in l.keys()-e)
def entries_of(p):e=dict(p.get('Fingerprint')or{});r=e.pop('References',{});return e|{f'References.{n}':j for n,j in r.items()}
def parse_progress(v,r,w):
 if t:=v.get(AF):
  k={n:t[n]for n in Progress._fields if n in t};o=Outcome(*t[CB][:len(Outcome._fields)])
  h=t.get(CQ,0)-(o.is_crowded and w-t['resume_at']>=4);k|={CB:o,CQ:h,BW:sent_at(v,w)};return Progress(**k)
 s=sent_at(v,w);return Progress(max(s,w+min(r.timeout,30)-r.timeout),s)
def sent_at(v,w):
 d=re.fullmatch(r'(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z',url_date(v))
 with suppress(ValueError):
  if d:return timegm(tuple(map(int,d.groups())))
 return v.get(AF,{}).get(BW,w)
def handed_over(v,p):t=p._replace(outcome=p.outcome._replace(result=None),hops=p.hops+1,fresh=True);return v|{AF:t._asdict()}
def url_date(v):return''.join(re.findall(r'[?&]X-Amz-Date=(\w+)',v[CD])[:1])
def assembled(a):
 if a is None:return ABSENT
 w=[json.loads(a['Skeleton'])]
 for h in reversed(a.get('Values',[])):
  p=w;l=0
  for k in h['Path']:p=p[l];l=int(k)if isinstance(p,list)else k
  if'Value'in h:p[l]=h['Value']
  else:del p[l]
 return w[0]if w else ABSENT
PART='part of '
def marker(r):return r.name+'-create-failed'
def never_created(r):
 s=r.event[AI].split('/')[1];m=re.escape(f'{s}-{r.name}-')+'[A-Z0-9]{8,}'
 return r.old_id==marker(r)or bool(re.fullmatch(m,r.old_id))
UNFINISHED=re.compile('ABORT|ERROR|FAIL|PENDING|PROGRESS|RUNNING|TIMED?OUT')
RUNTIME=re.compile(r'node:|\(<anonymous>\)|<frozen |/var/runtime/\w+\.m?js|^runtime/|aws-lambda-go|java\.base/|' r'jdk\.|sun\.reflect|lambda\.runtime\.|lambda_method|Lambda\.RuntimeSupport')
LIBRARY=re.compile(r'(site|dist)-packages|node_modules|/gems/|/opt/|/var/(runtime|lang)/|trigger_handler|@v\d')
def judge(r,e):
 w=as_map(e);p=valid_id(given_id(e));i=p==marker(r)or(p==r.old_id!=''and never_created(r))
 return meaning(r,e,w)._replace(physical_id=''if i else p,no_echo=is_true(str(w.get(BR)).lower()))
def meaning(r,e,w):
 match spelled(w.get(AW)):
  case 'INPROGRESS':return pending(w)
  case 'FAILED'|'FAILURE':a=truncate(as_text(w.get(AH)or'no Reason was given'),4000);return failed('Failed',a)
 c=w.get('IsComplete',True)or False
 if str(c).lower()=='false':i='return the Status IN_PROGRESS to be polled';return failed(BL,f'IsComplete is false; {i}')
 l=''if r.expect is ABSENT else difference(r.expect,e,'result')
 if l:return failed(CF,l,is_unexpected=True)
 return Outcome(AJ,result=e)
def pending(e):
 f=e.get(BK)
 if f is not None and not re.fullmatch(r'\d{1,9}(\.\d*)?',str(f)):return failed(BL,'RetryAfter is not a number of seconds')
 m=as_text(e.get(AF)or e.get(AH)or'');return Outcome(AZ,message=truncate(m,4000),result=e)
def warning(r,e):
 w=as_map(e)
 if e is None and r.execute_on_delete:return'the handler returned nothing: does it return what its library returns?'
 c,s=w.get('statusCode'),w.get(AW)or w.get('status')
 if UNFINISHED.search(spelled(s))or(isinstance(c,int)and c>=400):return'it counts as done: only the Status FAILED, FAILURE or IN_PROGRESS has a meaning'
 return''
def spelled(s):return re.sub(r'[\W_]','',s).upper()if isinstance(s,str)else''
def given_id(e):w=as_map(e);d=as_map(w.get(CE));t=w.get(AA);return d.get(AA)if t is None else t
def valid_id(p):l=len(p.encode(errors=AR))if isinstance(p,str)else 0;f=0<l<=1024 and size(p)-2<=2*1024;return p if f else''
def difference(e,a,p):
 if isinstance(e,dict)and isinstance(a,dict):d=(difference(i,a.get(k,ABSENT),f'{p}.{k}')for k,i in e.items());return next(filter(None,d),'')
 if equal(e,a):return''
 g='absent'if a is ABSENT else quoted(a);return f'{p} is {g}, expected {quoted(e)}'
def quoted(i):return truncate(beginning(i,300),300)
def equal(t,r):
 if type(t)is type(r)is list:return len(t)==len(r)and all(map(equal,t,r))
 if type(t)is type(r)is dict:return t.keys()==r.keys()and all(equal(t[k],r[k])for k in t)
 return bool(t==r)and isinstance(t,bool)==isinstance(r,bool)
def function_error(y,l=''):
 a=map_of(y)
 if y and not a:a={BZ:y.decode(errors=AR)}
 return reported(a,l)
def reported(a,l=''):
 m,r=message_of(a),lines_of(trace_of(a));k=as_text(a.get(CL)or a.get(BM)or AP)
 if not re.fullmatch(r'\S{1,200}',k):k,m=AP,f'{k}: {m}'
 n=re.findall('(?m)^(?:--->|Caused by:) (.*)','\n'.join(r));b=[*causes_of(a),*n];e=[truncate(m,4000//(2 if b else 1))]
 e+=[f'caused by {truncate(c,300)}'for c in b[-3:]];f=innermost_frames(r,f'{k}: {m}'.splitlines()+m.splitlines());t=truncate_start(l,4000)
 return failed(k,'; '.join(e),frames=f,log=t)
def message_of(a):
 y=(BZ,BE,'Message','message');s=[a[k]for k in y if a.get(k)is not None]
 return as_text(max(s,key=bool))if s else'no message'
def trace_of(a):s=('stackTrace','StackTrace','trace','stack');return next(filter(None,map(a.get,s)),None)
def causes_of(a):
 while isinstance(c:=a.get('cause')or a.get('innerException'),dict):
  k,m=c.get(CL)or AP,message_of(c);f=innermost_frames(lines_of(trace_of(c)),m.splitlines());a=c
  yield ' at '.join([f'{k}: {m}',*f[:1]])
def lines_of(r):
 t=r.splitlines()if isinstance(r,str)else r;g=[]
 for i in t if isinstance(t,list)else():
  o=as_map(i);l=f"{o.get('path')}:{o.get('line')} {o.get('label')}"if o else str(i)
  g.append(re.sub(r'(^| )[~^]+(?= |$)','',' '.join(l.split())))
 return g
def innermost_frames(g,m):
 f=[l[3:]for l in g if l.startswith('at ')]
 if not f:
  e={' '.join(l.split())for l in m};f=[l for l in g if l and l not in e];p=re.findall(r'(?ms)^File ".*?(?=\nFile "|\Z)','\n'.join(f))
  f=p[::-1]or f
 f=[r for r in f if not RUNTIME.search(r)]or f;s=f[:3]
 if o:=[r for r in f if not LIBRARY.search(r)]:s=s if o[0]in s else[*s[:-1],o[0]]
 return tuple(truncate(r,300)for r in s)
QUESTION_PAUSES=(2,10,30,60)
PROPAGATING=re.compile('((EC2|KMS)?AccessDenied|(EFS|S3Files)Mount(Connectivity|Timeout))(Exception)?')
THROTTLED=re.compile('TooManyRequestsException|Throttling(Exception)?')
UNREACHABLE='Unreachable'
UNSEEN='ConfigurationUnavailable'
class Clock(NamedTuple):now:T;left:T
class Action(NamedTuple):step:T;seconds:T=0;outcome:T=Outcome(CR)
def decide(r,p,c):
 if s:=wait_for_stop(r,p,c):return s
 if h:=reason_to_skip(r,p):return Action(AS,outcome=Outcome(BA,message=h))
 if must_ask(r,p):return question(r,p,c)
 if e:=final_outcome(r,p,c):return Action(AS,outcome=e)
 a=min(p.resume_at,passing_at(r,p));t=(wait_until(a,r,p,c)or wait_for_room(r,p,c)or start(r,p,c));d=spare(r)if t.step==AG else 0
 if max(c.now+d,a)>=due(r,p):return Action(AS,outcome=too_late(r,p.outcome))
 return t
def start(r,p,c):
 if p.outcome.execution:return Action('poll',max(1,min(10,c.left-10)))
 i=p.ready or is_unseen_for_long(r,p,c);return Action('invoke'if i else'look',room(r,p,c))
def wait_for_stop(r,p,c):
 i=never_created(r)and r.old_id!=marker(r)
 if r.kind!=AE or not r.durable or not i:return
 return wait_until(p.sent+60,r,p,c)
def reason_to_skip(r,p):
 match r.kind:
  case _ if not r.enabled:return'Enabled is false'
  case _ if r.run is not None:i=r.run and p.rolling_back is not False;return''if i else'nothing to undo'
  case 'Update'if p.rolling_back and not r.execute_on_rollback:return'the stack is rolling back'
  case 'Update'if r.unchanged and p.has_failed is False:o=not r.execute_on_handler_change;return'ExecuteOnHandlerChange is false'if o else'only settings changed'
  case 'Delete'if not r.execute_on_delete or r.old_id.startswith(PART):return'ExecuteOnDelete is false'
  case 'Delete'if r.old_id==marker(r):return'it was never created'
 return''
def must_ask(r,p):return p.rolling_back is None and(r.kind==CH or bool(r.run))
def question(r,p,c):
 l=latest_answer(r,p)
 if c.now>=l:return Action(AS,outcome=UNKNOWN_STATUS)
 q=l-1;k=min(p.ask_at,l if c.now>=q else q)
 if d:=wait_until(k,r,p,c):return d
 return Action('ask',max(1,min(10,c.left-10)))
UNKNOWN_STATUS=Outcome(BA,'StatusUnknown','nobody could learn whether the stack rolls back')
def is_not_there(r,p,c):t=min(r.timeout,r.service_timeout);n=min(300,r.service_timeout-10-t/2);return not p.is_reached and c.now-p.sent>=n
def final_outcome(r,p,c):
 o=p.outcome;i=o.is_final or p.failures>=r.max_attempts
 if o.kind in{AJ,BA}or(o.kind==AM and i):return o
 if is_denied(o)and c.now-p.refused_since>=60:return o._replace(kind=AM)
 if not p.cancelled:return Outcome(CI)if passes_on(r,p,c)else None
 if o.kind==AM:return o
 return failed('Cancelled',f'the stack is {p.cancelled}')
def is_denied(o):return o.kind==AK and bool(PROPAGATING.fullmatch(o.error))
def is_unseen_for_long(r,p,c):i=p.outcome.error==UNSEEN;n=min(60,r.timeout/3);return i and c.now-p.refused_since>=n
def passes_on(r,p,c):t=passing_at(r,p);return c.now>=(t if c.now<p.resume_at else t-needed(p))
def passing_at(r,p):i=r.part_of and r.kind!=AE and not p.rolling_back;return latest_answer(r,p)-90 if i else float('inf')
def latest_answer(r,p):return p.sent+r.service_timeout-10
def due(r,p):return min(p.began+r.timeout,latest_answer(r,p))
def too_late(r,o):
 l=o.message.rstrip(' .')or'not done';m=f'{l}; Timeout is {r.timeout:g} s'
 return o._replace(kind=AM,error=o.error or CP,message=m)
def room(r,p,c):return max(1,min(c.left-10,due(r,p)-c.now))
def wait_until(t,r,p,c):
 a,h=t-c.now,c.left-60
 if a<=0:return
 i=due(r,p)-c.now<=c.left-10
 if i or(p.fresh and c.left<=2*60):h=c.left-10
 if a<=min(10,c.left-2*10):return Action(CT,a)
 if h>=1 or p.fresh:return Action(CT,min(a,max(h,1)))
 return Action(AG)
def wait_for_room(r,p,c):
 l=due(r,p)-c.now
 if p.fresh:return
 if gives_way(p)and l>spare(r)and c.left<=900:return Action(AG)
 if c.left>=min(needed(p),l):return
 if c.left<60 or may_hop(p,c):return Action(AG)
 h=p.sent+840*(p.hops-1)+1;h=min(h,passing_at(r,p))
 if p.outcome.kind==AZ or due(r,p)-h<=c.left:i=c.left<1.5*p.longest<840;return Action(AG)if i else None
 return wait_until(h,r,p,c)
def needed(p):
 if p.outcome.execution:return 60
 n=1.5*p.longest
 if p.outcome.kind==AK:n=p.longest+10
 t=p.function_timeout+2*10
 if p.outcome.kind==AZ:t=min(t,840/2)
 return max(60,min(max(n,t),870))
def may_hop(p,c):return p.hops-1<(c.now-p.sent)/840
def spare(r):return min(60,r.timeout/2)
def gives_way(p):i=p.outcome.is_crowded and p.refusals%2==0;return i and p.hops<=1+p.polls
def learn(r,p,o,c):
 a=0
 k=p._replace(outcome=o,fresh=False,refusals=0,refused_since=0,physical_id=o.physical_id or p.physical_id,no_echo=o.no_echo or p.no_echo)
 match o.kind:
  case 'refused':
   a=min(2**min(p.refusals,4),10);h=not p.ready and THROTTLED.fullmatch(o.error)
   if o.is_crowded or h:a=min(a*(0.5+lot(r,p)),10)
   i=o.error==p.outcome.error;s=p.refused_since if i else c.now;k=k._replace(refusals=p.refusals+1,refused_since=s)
   l=is_denied(o)or THROTTLED.fullmatch(o.error)
   if not l and o.error!=UNREACHABLE:k=k._replace(ready=False)
  case 'failed':g=r.backoff_rate**min(p.failures,60);a=min(r.interval*g,r.max_interval);k=k._replace(failures=p.failures+1)
  case 'pending':
   f=o.result.get(BK);a=max(1,r.poll_interval if f is None else float(f));t=o.result.get(AN)
   k=k._replace(state=t,polls=p.polls+1)
 return k._replace(resume_at=max(c.now+a,o.runs_until))
def lot(r,p):
 t=f'{p.refusals} {p.questions}';n=f"{r.event.get(BB)} {r.name} {t}"
 return hashlib.sha256(n.encode(errors=AR)).digest()[0]/256
OWN=(AC,AQ,AP)
OWN_LOG=os.environ.get('AWS_LAMBDA_LOG_GROUP_NAME',"the trigger provider's")
NOISE=re.compile(r'(?m)^(((INIT_|RESTORE_)?START|END|REPORT|XRAY) .*|{"time":.*"platform\..*|[\s^~]+)$')
def answer(r,p,o):
 e=ABSENT
 if o.kind==AJ and r.kind!=AE:e=o.result;o=unusable(r,e)or o
 if o.kind!=AM:
  b,l=success(r,p,o.message or AJ,e)
  if not l:return b,''
  m=f'the template reads {l!r}, which does not fit into 4,096 bytes';o=failed(CJ,m)
 b=failure(r,p);a=explain(r,p,o,4095-size(b))
 if is_forgiven(r,p):b,g=success(r,p,a,error=a);return b,a
 return b|{AH:truncate(a,4095-size(b))},a
def is_forgiven(r,p):i=r.kind==AE or bool(p.rolling_back);return i or r.on_failure==CN
def unusable(r,e):
 a=given_id(e)
 if a is not None and not valid_id(a):m='it is not a string of 1 to 1,024 bytes';return failed(AA,m)
 for n in r.attributes:
  if n not in OWN and attribute(e,n)is ABSENT:
   s=(k for k,g in attributes(e));b=''.join(difflib.get_close_matches(n,islice(s,1000),1));i=f'; did you mean {b!r}?'if b else''
   m=f'the template reads {n!r}, which the result lacks{i}';return failed(CJ,m)
 return
def failure(r,p):
 k=r.kind==AE or(r.part_of and r.old_id);e=''if k else p.physical_id;i=(p.polls or p.outcome.runs_until)and r.execute_on_delete
 n=physical_id(r,p)if i else marker(r);return echo(r,BQ,e or r.old_id or n)
def success(r,p,a,e=ABSENT,error='' ):
 b=echo(r,CO,physical_id(r,p))
 if r.kind==AE:return b|{AH:truncate(a,900)},''
 d=dict.fromkeys(OWN,'')
 if r.undone_by:d['TriggerRunId']=''if e is ABSENT else execution_id(r.event,p)
 b|={BR:r.no_echo or p.no_echo,CE:d};o=4095-20-size(b)
 for n in r.attributes:
  c=size(n)+6
  if n not in d and c<=o:d[n]='';o-=c
 o+=20;d[AP]=truncate(error,min(900,(o-20)//2));o-=size(d[AP])-2;b[AH]=truncate(a,min(900,o));o-=size(b[AH])-2
 if e is ABSENT:return b,''
 for n in dict.fromkeys(r.attributes):
  if n in(AQ,AP):continue
  t=fitting(attribute(e,n),o)
  if n not in d or t is None:return b,n
  o-=size(t)-2;d[n]=t
 add_others(d,e,o);return b,''
def echo(r,s,p):b={k:r.event[k]for k in(AI,BB,AB)};return b|{AW:s,AA:p,AH:''}
def physical_id(r,p):
 if r.kind==AE or r.run:return r.old_id
 n=r.part_of or r.name;i=hashlib.sha256((r.event[AI]+n).encode()).hexdigest()
 o=''if never_created(r)else r.old_id.removeprefix(PART);return p.physical_id or o or f'{n}-{i[:12]}'
def attribute(e,n):
 if n==AC:return as_json(e)if isinstance(e,str)else beginning(e,4095)
 i=part(data_of(e),n);return part(e,n)if i is ABSENT else i
def data_of(e):return as_map(e).get(CE)
def part(i,p):
 j=step(i,p)
 for d in re.finditer(r'\.',p):
  if j is not ABSENT:break
  if(c:=step(i,p[:d.start()]))is not ABSENT:j=part(c,p[d.end():])
 return j
def step(i,key):
 if isinstance(i,list)and re.fullmatch('0|[1-9][0-9]{0,7}',key)and int(key)<len(i):return i[int(key)]
 return as_map(i).get(key,ABSENT)
def attributes(e):d=data_of(e);h=(a for a in parts(e)if d is None or part(d,a[0])is ABSENT);return(a for a in chain(parts(d),h)if a[0]not in OWN)
def parts(i):
 e=[children(i,'')]
 while e:
  for p,c in e[-1]:
   yield p,c
   if isinstance(c,dict|list)and len(p)<4095:e.append(children(c,f'{p}.'));break
  else:e.pop()
def children(i,p):t=enumerate(i)if isinstance(i,list)else as_map(i).items();return((f'{p}{k}',c)for k,c in t)
def add_others(d,e,o):
 l=[];p,u=o-150,0;w=[]if d[AC]else[(AC,attribute(e,AC))]
 h=(a for b in(False,True)for a in islice(attributes(e),50_000)if isinstance(a[1],dict|list)==b)
 for n,i in chain(w,h):
  if n in d and n!=AC:continue
  c=0 if n==AC else size(n)+6;r=c<=p and not(u and isinstance(i,dict|list))
  if r and(t:=fitting(i,p-c))is not None:d[n]=t;p-=c+size(t)-2
  else:u+=1;l+=[n]if u<=9 else[]
 if u:
  v='over 'if any(True for g in islice(attributes(e),50_000,None))else'';s=f"{v}{u} left out: {', '.join(l)}"
  d[AQ]=truncate(s,min(150,p+150))
def explain(r,p,a,o):
 w=f'full log: {log_group(r,p)}'
 if r.no_echo or p.no_echo:return f'{a.error}; {w}'
 h=': '.join(filter(None,[a.error,a.message.strip()])).rstrip(' .');c=[truncate(h,min(1500,o//2))]
 if f:=re.sub('(file://)?/var/task/','','; at '.join(a.frames)):c+=['at '+truncate(f,min(600,o//4))]
 e=p.failures+(p.outcome.kind==AJ)
 if e and r.max_attempts>1:c+=[f'attempt {e} of {r.max_attempts:g}']
 if t:=' / '.join(filter(None,NOISE.sub('',a.log).splitlines())):
  o-=size('; '.join([*c,'last log lines: ',w]));t=truncate_start(t,o if r.kind==BO else min(900,o))
  c+=[f'last log lines: {t}']if t else[]
 return' '.join('; '.join([*c,w]).split())
def log_group(r,p):
 n=r.handler_arn.split(':function:')[-1].split(':')[0];g=p.log_group or(f'/aws/lambda/{n}'if n else OWN_LOG)
 s=r.event[AI].split('/')[1];o=f'(?!/aws/lambda/)(.*/)?{re.escape(s)}-[^/]+-[A-Za-z0-9]{{8,}}'
 if r.kind==BO and re.fullmatch(o,g):return f'{g}, which a rollback deletes (--disable-rollback keeps it)'
 return g
NOT_SENT=0
LOST=1
class Effects(NamedTuple):clock:T;sleep:T;call:T;put:T;log:T
class Response(NamedTuple):
 kind:T;status:T;headers:T;body:T
 @property
 def text(self):return self.body.decode(errors=AR)
def response_of(r):
 s,g,h=r
 if s==NOT_SENT:return Response('not sent',*r)
 if s!=LOST:return Response(AU,*r)
 i=b'timed out'in h and b'Errno'not in h;return Response(BN if i else CA,*r)
IDLE={}
NETWORK_ERRORS=(OSError,ValueError,http.client.HTTPException)
KEEP_ALIVE={BY:60,'TCP_KEEPINTVL':30,'TCP_KEEPCNT':5}
def trust(n):
 b=n.get('AWS_CA_BUNDLE')or n.get('REQUESTS_CA_BUNDLE')
 with suppress(OSError):return ssl.create_default_context(cafile=b or None)
 return ssl.create_default_context()
TRUST=trust(os.environ)
def exchange(m,u,b,h,d):
 if c:=idle_connection(m,urlsplit(u).netloc):
  r=send_on(c,m,u,b,h,d)
  if m==BF or r[0]!=LOST:return r
 try:c=connected(u)
 except NETWORK_ERRORS as a:return NOT_SENT,{},reason_of(a)
 return send_on(c,m,u,b,h,d)
def idle_connection(m,o):
 if o not in IDLE:return
 c,s=IDLE.pop(o);i=0<=time.time()-s<(1 if m==BF else 4);h=select.select([c.sock],[],[],0)[0]
 if i and not h:return c
 c.close();return
def connected(u):
 a=urlsplit(u);c=http.client.HTTPConnection(a.netloc,timeout=5)
 if a.scheme=='https':c=http.client.HTTPSConnection(a.netloc,timeout=5,context=TRUST)
 c.connect();c.sock.setsockopt(socket.SOL_SOCKET,socket.SO_KEEPALIVE,1)
 for o,n in KEEP_ALIVE.items()if hasattr(socket,BY)else():c.sock.setsockopt(socket.IPPROTO_TCP,getattr(socket,o),n)
 return c
class Bounded(io.RawIOBase):
 def __init__(self,sock,deadline):self.sock,self.deadline=sock,deadline
 def makefile(self,_):return io.BufferedReader(self)
 def readable(self):return True
 def readinto(self,buffer):
  left=self.deadline-time.monotonic()
  if left<=0:raise TimeoutError(BN)
  self.sock.settimeout(left);return self.sock.recv_into(buffer)
def send_on(c,m,u,b,h,d):
 o=urlsplit(u).netloc;g=[f"{m} {u.split(o,1)[1] or '/'} HTTP/1.1"];f={'Host':o,'Content-Length':len(b)}|h
 g+=[f'{n}: {j}'for n,j in f.items()];l=time.monotonic()+d
 try:
  c.sock.settimeout(d);c.sock.sendall('\r\n'.join([*g,'\r\n']).encode()+b);e=http.client.HTTPResponse(Bounded(c.sock,l),method=m);e.begin()
  if e.version>10 and e.length is None and not e.chunked:raise OSError(CA)
  r=e.status,e.headers,e.read()
 except NETWORK_ERRORS as a:c.close();return LOST,{},reason_of(a)
 if e.will_close:c.close()
 else:IDLE[o]=c,time.time()
 return r
def reason_of(a):return f'{type(a).__name__} {a}'.encode()
REGION=os.environ.get('AWS_REGION','us-east-1')
def signed_call(e,method,p,b,h,seconds ):
 r=region_of(p);u,d=endpoint(e,r)+p,time.strftime('%Y%m%dT%H%M%SZ',time.gmtime());s=('ACCESS_KEY_ID','SECRET_ACCESS_KEY','SESSION_TOKEN')
 y=[os.environ.get(f'AWS_{n}','')for n in s];h=signed(e,method,u,b,h,d,y,r);return exchange(method,u,b,h,seconds)
def region_of(p,o=REGION):
 match unquote(p).partition('/arn:')[2].split(':'):
  case [_,_,r,_,*_]if r:return r
 return o
DUAL_STACK={'cn-':'amazonwebservices.com.cn','eusc-':'amazonwebservices.eu','us-iso-':'aws.ic.gov','us-isob-':'aws.scloud','eu-isoe-':'cloud-aws.adc-e.uk','us-isof-':'aws.hci.ic.gov','':'aws'}
def endpoint(e,r=REGION,n=os.environ ):
 a=(f'AWS_ENDPOINT_URL_{e.upper()}','AWS_ENDPOINT_URL');c=next(filter(None,map(n.get,a)),'')
 l=('IGNORE_CONFIGURED_ENDPOINT_URLS','USE_FIPS_ENDPOINT','USE_DUALSTACK_ENDPOINT');g,s,i=(n.get(f'AWS_{f}','').lower()=='true'for f in l)
 if c and not g:return c.rstrip('/')
 u=next(DUAL_STACK[start]for start in DUAL_STACK if r.startswith(start));d=f'api.{u}'if i else n.get('URL_SUFFIX','amazonaws.com')
 if s and(i or e!=BT or not r.startswith('us-gov-')):e+='-fips'
 return f'https://{e}.{r}.{d}'
def signed(e,m,u,b,h,d,y,r=REGION):
 a=urlsplit(u);h=h|{'Host':a.netloc,'X-Amz-Date':d};p,v,t=y
 if t:h['X-Amz-Security-Token']=t
 s=sorted(h,key=str.lower);g=''.join(f'{n.lower()}:{h[n]}\n'for n in s);f=';'.join(s).lower();w=a.path.replace('%','%25')
 l=f'{m}\n{w}\n\n{g}\n{f}\n{hashlib.sha256(b).hexdigest()}';c=f'{d[:8]}/{r}/{e}/aws4_request';i=hashlib.sha256(l.encode()).hexdigest()
 k=f'AWS4{v}'.encode()
 for q in(*c.split('/'),f'AWS4-HMAC-SHA256\n{d}\n{c}\n{i}'):k=hmac.digest(k,q.encode(),'sha256')
 j=f'AWS4-HMAC-SHA256 Credential={p}/{c}';o=f'{j}, SignedHeaders={f}, Signature={k.hex()}';return h|{'Authorization':o}
PASSES=re.compile(r'(CodeArtifactUserDeleted|\w+(Conflict|NotReady|Pending|Throttled))Exception|' f'{PROPAGATING.pattern}|{THROTTLED.pattern}')
CROWDED='ConcurrentInvocationLimitExceeded'
PAUSES=(1,2,4,8,16,30)
def growing(p):return chain(p,repeat(p[-1]))
def path(f,h):return f"/2015-03-31/functions/{quote(f,safe='')}/{h}"
def look(r,f):
 w=path(r.handler_arn,'configuration');e=response_of(f.call(AX,'GET',w,b'',{},10))
 if u:=passing(e):return u._replace(error=UNSEEN)if e.status==403 else u
 if e.status>=300:return Outcome(AJ,result={})
 if k:=map_of(e.body):return readiness(r,k)
 return Outcome(AK,UNSEEN,"the handler's configuration is not JSON")
def readiness(r,k):
 for n in(CM,BI)[:1 if r.kind==AE else 2]:
  s=k.get(n)or''
  if re.match('Failed|De',s):
   h=k.get(f'{n}Reason')or f"the function's {n} is {s}"
   if n!=CM:h=f"{h.rstrip('.')}; the handler still has its previous code"
   return failed(k.get(f'{n}ReasonCode')or s,h,is_final=True)
 if k.get(CM)=='Pending'or k.get(BI)=='InProgress':return Outcome(AK,'NotReady','the handler is still being created or updated')
 return Outcome(AJ,result=k)
def invoke(r,p,f,d):
 if p.is_durable or r.durable:return begin(r,p,f,d)
 y,c=invocation(r,p);h={AD:r.invocation_type};u=0
 if r.invocation_type==AL:
  n=p.function_timeout or 900;u=f.clock().now+n+10;h['X-Amz-Log-Type']='Tail'
  if c:h['X-Amz-Client-Context']=c
  if len(c)>3583:i='keep it shorter, or make the Payload an object, which can hold it';return failed('ClientContext',f'no room for EventState; {i}')
 w=path(r.handler_arn,BH);e=response_of(f.call(AX,BF,w,y,h,d))
 match e.kind:
  case 'answered':o=invoked(r,e);a=o.kind==AM and e.status>=500;return o._replace(runs_until=u)if a else o
  case 'not sent':return Outcome(AK,UNREACHABLE,e.text)
  case 'cut off':m=f'{e.text}; the handler may have run';return failed('ConnectionLost',m,runs_until=u)
  case 'timed out':
   i='return IN_PROGRESS earlier to be polled'
   if f.clock().now+1>=due(r,p):i=f'Timeout is {r.timeout:g} s'
   m=f'no answer in {d:.0f} s; {i}';return failed('HandlerTooSlow',m,runs_until=u)
def begin(r,p,f,seconds):
 n=execution_id(r.event,p);h={AD:'Event','X-Amz-Durable-Execution-Name':f'{n}-{p.failures+p.polls+1}'}
 if r.invocation_type=='DryRun':h={AD:'DryRun'}
 a=r.handler_arn;w=path(a if a.count(':')%2 else f'{a}:$LATEST',BH);y,g=invocation(r,p);seconds=min(seconds,10)
 e=response_of(f.call(AX,BF,w,y,h,seconds))
 if u:=passing(e):return u
 if e.status>=300 or r.invocation_type!=AL:return invoked(r,e)
 if x:=e.headers.get('X-Amz-Durable-Execution-Arn'):return goes_on(r,p,x)
 return failed('NotDurable','Lambda started it, but not as a durable execution',is_final=True)
def goes_on(r,p,x,m=''):
 f=min(r.poll_interval,2**min(p.polls,4),10);e={BK:f,AN:p.state}
 return Outcome(AZ,message=m,result=e,execution=x)
def poll(r,p,f,d):
 x=p.outcome.execution;w=path_of_execution(x);e=response_of(f.call(AX,'GET',w,b'',{},d))
 if u:=passing(e):return u._replace(execution=x)
 if e.status>=300:return refusal(e)
 k=map_of(e.body);s=k.get(AW);m=f'the durable execution is {s}'
 match s:
  case 'SUCCEEDED':return result_of(r,(k.get(AC)or'null').encode())
  case 'FAILED'|'TIMED_OUT'|'STOPPED':a={BM:s,BE:m};return reported(a|as_map(k.get(AP)))
 return goes_on(r,p,x,''if s=='RUNNING'else m)
def stop(x,h,f):
 b=encoded({BM:h.error,BE:h.message});w=f'{path_of_execution(x)}/stop'
 return response_of(f.call(AX,BF,w,b,{},10/2))
def path_of_execution(x):return f"/2025-12-01/durable-executions/{quote(x,safe='')}"
def passing(e):
 if e.kind!=AU:return Outcome(AK,UNREACHABLE,e.text)
 if e.status in{403,429}or e.status>=500:return refusal(e)._replace(kind=AK,is_crowded=False)
 return
def refusal(e):
 b,o=map_of(e.body),function_error(e.body);s=e.headers.get('X-Amzn-ErrorType'),b.get('code'),b.get('__type')
 n=next(filter(None,s),f'HTTP {e.status}');a,h=str(n).split(':')[0].split('#')[-1],b.get(AH)or'';i=e.status==429
 m=f"{o.message.rstrip('.')} ({h})"if h else o.message
 if h==f'ReservedFunction{CROWDED}':m+="; the handler's reserved concurrency is in use, or 0"
 k=AK if i or PASSES.fullmatch(a)else AM;return o._replace(kind=k,error=a,message=m,is_crowded=h==CROWDED)
def invoked(r,e):
 if e.status>=300:return refusal(e)
 if e.headers.get('X-Amz-Function-Error'):t=base64.b64decode(e.headers.get('X-Amz-Log-Result',''));return function_error(e.body,t.decode(errors=AR))
 if r.invocation_type!=AL:return Outcome(AJ)
 return result_of(r,e.body or b'null')
def result_of(r,t):
 try:return judge(r,json.loads(t))
 except (ValueError,RecursionError):return failed(BL,"the handler's result is not JSON, or nested too deeply")
def invocation(r,p):
 d=description_of(r,p)
 if r.payload is ABSENT:return encoded(d),''
 y=r.payload;i=isinstance(y,dict)and p.state is not None
 if i:y=y|{AN:p.state}
 return encoded(y),client_context(d,is_carried=i)
def client_context(d,*,is_carried):
 a,r=True,AN if is_carried else'Old';c=packed(d,is_ascii=a)
 for n in('Old',BJ,AC,r,'',AA):
  if len(c)>3583:
   a&=n!=''
   if n in d:l=[*d.get(AQ,[]),n];s={k:i for k,i in d.items()if k!=n};d=s|{AQ:l}
   c=packed(d,is_ascii=a)
 return c
def packed(d,*,is_ascii):t=encoded(d).decode();c=json.dumps({'custom':{CS:t}},ensure_ascii=is_ascii);return base64.b64encode(c.encode()).decode()
def description_of(r,p):
 y=(AT,BB,AI,AB,AA);v=r.event
 d={k:v[k].removeprefix(PART)for k in y if k in v};d[AB]=r.part_of or r.name;d[CC]=execution_id(v,p)
 d|=p.identity|{'Attempt':p.failures+1}
 if p.state is not None:d[AN]=p.state
 if r.run:o={'RollbackOf':CH if'UPDATE'in p.status else BO};return d|r.run|o
 if r.old_payload is not ABSENT:d['Old']=r.old_payload
 return d
def ask(request,effects,seconds,action,**more):
 q={'Action':action,'StackName':request.event[AI],'Version':'2010-05-15'};f=urlencode(q|more).encode()
 h={BX:'application/x-www-form-urlencoded'};return response_of(effects.call(BT,BF,'/',f,h,seconds))
def is_lasting_refusal(e):i=400<=e.status<=403;return i and not TRANSIENT.search(e.body)
TRANSIENT=re.compile(b'Throttl|LimitExceeded|Expired|Timeout')
def stack_status(e):return''.join(re.findall(r'<StackStatus>\s*(\w+)',e.text)[:1])
class History(NamedTuple):is_taken_back:T=None;has_failed:T=None;is_denied:T=False
def read_history(r,f,d):
 n=[];a={}
 for g in range(40):
  e=ask(r,f,d,'DescribeStackEvents',**a);m=re.findall('(?s)<member>(.*?)</member>',e.text)
  if not m:return History(is_denied=is_lasting_refusal(e))
  n+=map(parse_event,m);o=operations_of(r,n);t=re.search('<NextToken>(.*?)</',e.text)
  if len(o)>1+r.unchanged or not t:break
  a={'NextToken':unescape(t[1])}
 return judge_history(r,o)
def parse_event(x):return dict(re.findall(r'(?s)<(\w+)>(.*?)</\1>',x))
def operations_of(r,n):
 o=[[]]
 for v in n:
  o[-1].append(v);i=v.get(AA)==r.event[AI]
  if i and v.get('ResourceStatusReason')=='User Initiated':o.append([])
 return o
def judge_history(r,o):
 w,b=o[0],o[1]if len(o)>1 else[];t=ended(r,w)[:1]==['UPDATE_FAILED'];u=ended(r,b);e=any(BG in a[BS]for a in b)
 l=u[:1]if e else u;i=t or any(s.endswith(BQ)for s in l);return History(t,i)
def ended(r,n):a=(v for v in n if v.get(AB)==r.name);return[s for v in a if not(s:=v[BS]).endswith('IN_PROGRESS')]
def hand_over(v,f,m,l):
 b,h=encoded(v),{AD:'Event'}
 for a in growing(PAUSES):
  t=f.clock().left;d=max(1,min(60,max(t-2*10,t/2)));r=f.call(AX,BF,path(m,BH),b,h,d);e=response_of(r)
  if e.status==202:return True
  if e.kind in{BN,CA}:l('handed over, without a reply',level=BV,why=e.text);return False
  i=300<=e.status<500;s=i and e.status not in{403,429}
  if s or(p:=f.clock().left-2*10)<=0:break
  f.sleep(min(a,p,10))
 l('not handed over',level=BD,why=e.text);raise RuntimeError(f'could not start a new execution: {e.text}')
def resumed(v,r,w):
 u,o=v[AO].get(BU),v.get(AY,{})
 if AF in v or r.kind==AE or u in{None,o.get(BU)}:return v
 k=json.loads(zlib.decompress(base64.b85decode(u)));b=False if k[CB][0]in{AJ,BA}else None
 a={BW:sent_at(v,w),CQ:0,'rolling_back':b,'status':''};i=a[BW]-k[BW]>4200;return v if i else v|{AF:k|a}
def answer_of_part(r,p,o):
 b,a=answer(r,p,o)
 if not r.part_of or r.kind==AE or b[AW]==BQ:return b,a
 l=p.outcome if o.kind==CI else o._replace(is_final=True);e=l.result if l.kind==AJ and l.result is not ABSENT else None
 m=truncate(l.message,1000)
 t=p._replace(outcome=l._replace(message=m,frames=(),log='',result=e),identity=description_of(r._replace(old_payload=ABSENT),p._replace(state=None)),fresh=True)
 u=base64.b85encode(zlib.compress(encoded(t._asdict()),9)).decode();b=echo(r,CO,truncate(PART+physical_id(r,p),1024))
 b|={AH:'the next part continues',BR:True,CE:{'Run':u}}
 if size(b)<=4095:return b,a
 m='after an hour, a result or EventState may have at most 3,000 bytes when compressed';return answer_of_part(r,p,failed('TooLong',m))
def serve(v,f,m):
 def log(step,**more):n,k=v[AB],v[AT];f.log({'step':step,CS:n,'type':k}|more)
 w=f.clock().now
 if w>sent_at(v,w)+bare_request(v).service_timeout:log('dropped: CloudFormation no longer waits',level=BD)
 elif b:=v.get('Answer')or find_answer(v,f,m,log):deliver(v,b,f,m,log)
def find_answer(v,f,m,l):
 w=f.clock().now;r,p=bare_request(v),Progress(w,sent_at(v,w));s=i=False
 while True:
  try:
   if not s:
    s=True;e=parse_request(v);v=resumed(v,e,w);r,p=e,parse_progress(v,e,w)
    if AF in v:p=notice_cancel(r,p,f,l)
   t=decide(r,p,f.clock())
   if t.step==AS:return concluded(r,p,t.outcome,f,l)
   l(t.step,attempt=p.failures+1,seconds=t.seconds)
   if t.step==AG:hand_over(handed_over(v,p),f,m,l);return
   p=carry_out(t,r,p,f,l)
  except Exception as a:
   l('provider failed',level=BD,trace=traceback.format_exc());b=failed(type(a).__name__,str(a),is_final=True)
   if not must_ask(r,p):return concluded(r,p,b,f,l)
   if i:return concluded(r,p,UNKNOWN_STATUS,f,l)
   i,p=True,p._replace(outcome=b)
def concluded(r,p,o,f,l ):
 x=p.outcome.execution
 if x and o.kind!=CI:l('stop',status=stop(x,o,f).status)
 b,a=answer_of_part(r,p,o);s=b[AW];e='INFO'if not a else BV if s==BQ else BD
 if o.kind==BA and o.error:e=BD
 if o.is_unexpected:a='Expect is not met'
 l(AS,level=e,status=s,reason=a or o.message);return b
def deliver(v,b,f,m,l):
 r=bare_request(v);u=sent_at(v,f.clock().now)+r.service_timeout;o=False
 for a in growing(PAUSES):
  e=response_of(f.put(v[CD],encoded(b)))
  if e.kind==AU and e.status<300:return
  h=''if e.kind==AU else e.text;l('the response was not accepted',level=BD,status=e.status,why=h);w,t=f.clock()
  i=min(a,max(1,u-5-w))
  if w+i>u:return
  if t-i<3*10 and not o:
   o=True;l(AG,attempt=1,seconds=0);s={k:j for k,j in v.items()if k!=AF}
   with suppress(RuntimeError):
    c=hand_over(s|{'Answer':b},f,m,l)
    if c and u-w>3*60:return
  t=f.clock().left-5
  if t<=0:return
  f.sleep(min(i,t))
def carry_out(t,r,p,f,l ):
 b,o=f.clock().now,Outcome(CR)
 match t.step:
  case 'wait'|'ask':
   c=not must_ask(r,p)
   if t.step==CT:f.sleep(t.seconds)
   else:p=notice_rollback(r,p,f,t.seconds,l)
   p=p._replace(fresh=False)
   if c:return notice_cancel(r,p,f,l)
   return p._replace(began=p.began+f.clock().now-b)
  case 'look':
   o=look(r,f)
   if o.kind==AJ:return seen(p,o.result)
  case 'poll':o=poll(r,p,f,t.seconds)
  case _:o=invoke(r,p,f,t.seconds);n=max(p.longest,f.clock().now-b);p=p._replace(longest=n)
 w={};s=r.no_echo or p.no_echo or o.no_echo
 if o.kind==AZ and o.message and not s:w={'progress':truncate(o.message,300)}
 if o.kind==AJ and(i:=warning(r,o.result)):w={'level':BV,'warning':i}
 l(o.kind,error=o.error,**w);return learn(r,p,o,f.clock())
def seen(p,c):
 l=(c.get('LoggingConfig')or{}).get('LogGroup','');i='DurableConfig'in c;t=c.get(CP,3)if c and not i else 0
 return p._replace(ready=True,log_group=l,function_timeout=t,is_durable=i)
def notice_rollback(r,p,f,d,l ):
 e,s=response_of((NOT_SENT,{},b'')),p.status
 if not s:e=ask(r,f,d,BP);s=stack_status(e)
 w,c=f.clock().now,e.kind==AU or p.is_reached;p=p._replace(is_reached=c,status=s)
 if BG in s or(s and r.run):return p._replace(rolling_back=BG in s)
 h=History()
 if s or is_lasting_refusal(e):h=read_history(r,f,d)
 elif is_not_there(r,p,f.clock()):h=History(is_denied=True)
 u=h.is_taken_back is None
 if u or not s:l(BC,level=BV,status=e.status)
 t=p.questions<len(QUESTION_PAUSES)or not s
 if u and t and not h.is_denied:
  g=QUESTION_PAUSES[min(p.questions,len(QUESTION_PAUSES)-1)];a=min(g,r.service_timeout/6)*(1+lot(r,p))
  return p._replace(questions=p.questions+1,ask_at=w+a)
 b,i=bool(h.is_taken_back),h.has_failed;k=w+2*30;return p._replace(rolling_back=b,has_failed=i,ask_at=k)
def notice_cancel(r,p,f,l):
 w=f.clock().now;i=r.kind==AE or p.rolling_back or must_ask(r,p)
 if i or w<p.ask_at:return p
 d=min(5,room(r,p,f.clock()));e=ask(r,f,d,BP);s,t=stack_status(e),p.status;p=p._replace(ask_at=w+30,status=s or t)
 if not s:l(BC,level=BV,status=e.status)
 if r.kind==CH and not t:return p._replace(rolling_back=s.startswith('UPDATE_ROLLBACK'))
 g=BG in s or'DELETE'in s;return p._replace(cancelled=s if g else'')
def handler(v,context):
 f=Effects(clock=lambda:Clock(time.time(),context.get_remaining_time_in_millis()/1000),sleep=time.sleep,call=signed_call,put=lambda u,b:exchange('PUT',u,b,{BX:''},5),log=lambda e:print(json.dumps(e),flush=True))
 serve(v,f,context.invoked_function_arn)
